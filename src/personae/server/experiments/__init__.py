"""Experiments of the platform: from what people chose to what the engine runs, and back.

    chosen.py      what an experiment is made of, checked
    snapshot.py    copies of all that, at launch
    rows_kept.py   the rows of a collection, kept while it does not change
    inputs.py      from a snapshot to the engine's personas, scenarios and settings
    single_turn.py one row as the beginning of a conversation, for experiments without personas
    preview.py     the plan before it is run: how many conversations, what they will take, what is missing
    runs.py        one task of an experiment, from its first call to its last record
    rerate.py      responses that are there, rated again
    by_hand.py     people's answers in the results that leave the platform
    additions.py   responses beside the plan: brought by the caller, or generated once more
    launcher.py    tasks claimed, run and let go: by this process or, when it dies, by another
    results.py     what came out, summed up
    comparing.py   two experiments counted against each other, large ones by a process of its own
    decisions.py   what that comes to, and whether a policy is held
    words.py       terminations in the seeds' words
    watching.py    what happens in an experiment, for all who watch it

`personae simulate` and these end in the same engine: `experiments.build`, `executors`.
"""
