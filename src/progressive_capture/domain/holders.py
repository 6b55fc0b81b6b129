"""Holders of leases as people are told of them; who holds what, and whether a process lives, stands elsewhere."""


def called(holder: str) -> str:
    """Name a process for people, as `process 31 on build-1 (bulk-2)`; any other holder as it names itself.

    A process holds leases as `host/room of numbers.machine:31:its start#part`: the room, the machine and the start only
    tell it apart from others of the same number.
    """
    process, _, part = holder.partition("#")
    room, *number = process.rsplit(":", 2)
    if len(number) < len(("pid", "start")) or not number[0].isdecimal():
        return holder
    name = f"process {number[0]} on {room.partition('/')[0]}"
    return name if part in {"", "0"} else f"{name} ({part})"
