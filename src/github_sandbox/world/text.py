"""Made-up prose, titles, names and paths, cut from fixed word lists by seed; it says nothing about anyone."""

from random import Random
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WORDS: Final = _words("""
queue worker retry cursor page index token lease shard window buffer socket parser schema column upsert snapshot
walk stamp clock limit budget cache ledger batch stream header payload signature branch merge commit review thread
should could must when after before without instead because again only never always once twice here there
fails returns holds drops keeps reads writes checks counts moves breaks passes closes opens handles misses
the a this that each every another no one some its our their empty stale late early broken nullable strict lazy
""")
_VERBS: Final = _words("Fix Add Drop Rename Speed-up Document Guard Simplify Test Revert Bump Split Move Handle")
_SYLLABLES: Final = _words("ka ro mi ten bel dor sa vin lu pha ost ira nel qui zor had eth win jo mar")
_FOLDERS: Final = _words("src lib app core web docs tests tools api store engine scripts")
_STEMS: Final = _words("""
main queue worker client server parser models views routes config schema loader cache limits retry signature
events handlers router storage session index helpers errors types report metrics clock cursor batch
""")
_ENDINGS: Final = _words("py ts go md yaml sql")
_CORPUS_WORDS: Final = 9_000


def _corpus() -> str:
    words, state = [], 12_345
    for _ in range(_CORPUS_WORDS):
        state = (state * 1_103_515_245 + 12_345) % 2**31  # ANSI C's generator: the same text everywhere
        words.append(_WORDS[(state >> 16) % len(_WORDS)])
        if (state >> 8) % 11 == 0:
            words[-1] += "."
    return " ".join(words)


_CORPUS: Final = _corpus()


def prose(rng: Random, least: int, most: int) -> str:
    """Between `least` and `most` characters, mostly short; the same `rng` gives the same text."""
    size = least + int((most - least) * rng.random() ** 3)
    start = int(rng.random() * (len(_CORPUS) - most))
    return _CORPUS[start : start + size].strip() or "ok"


def title(rng: Random) -> str:
    """A pull request's or issue's title."""
    words = [_WORDS[int(rng.random() * len(_WORDS))] for _ in range(3 + int(rng.random() * 4))]
    return f"{_VERBS[int(rng.random() * len(_VERBS))]} {' '.join(words)}"


def login(rng: Random) -> str:
    """A login of three or four syllables."""
    return "".join(_SYLLABLES[int(rng.random() * len(_SYLLABLES))] for _ in range(3 + int(rng.random() * 2)))


def path(number: int) -> str:
    """The path of a file; another number gives another path."""
    number, folder = divmod(number, len(_FOLDERS))
    number, stem = divmod(number, len(_STEMS))
    number, ending = divmod(number, len(_ENDINGS))
    return f"{_FOLDERS[folder]}/part{number:02d}/{_STEMS[stem]}.{_ENDINGS[ending]}"


def hunk(rng: Random, line: int) -> str:
    """A review comment's diffHunk that ends at `line`."""
    start = max(1, line - 2)
    return f"@@ -{start},3 +{start},3 @@\n     {prose(rng, 8, 30)}\n-    {prose(rng, 8, 40)}\n+    {prose(rng, 8, 40)}"
