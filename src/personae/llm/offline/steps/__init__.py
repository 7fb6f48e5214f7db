"""Steps of generation methods, one per file: what the model is asked, as data, and how it is answered without one.

A step is a frozen dataclass that holds what the prompt says and no more, with `answer(seed)`: see `core.tasks.Step`. A
method of `generation` passes it as `about` to `llm.structured.ask`. Texts that come from here are plain, and are for
trying and testing.
"""
