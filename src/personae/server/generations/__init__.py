"""Generations of the platform: methods of `personae.generation` run by the server, and what people decide of drafts.

    methods.py     what each method may be told, and a method from what it was told
    keeping.py     drafts and paid answers in the store
    work.py        one run, from its first call to its last record
    flagging.py    which drafts somebody should look at first, and which are like one
    deciding.py    what people decide of a draft, and what becomes of those that are accepted

`personae generate` and these end in the same studio: `experiments.generating`.
"""
