"""The rollout: who may use both processors, changed with an audit and withdrawn when jobs fail; no job runs here."""
