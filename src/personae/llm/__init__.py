"""Language models as simulator, judge and generator.

Three things are kept apart: the wire protocol (`openai_chat`, `anthropic_messages`), the endpoint (`providers/`, one
per file), and what a model at an endpoint can do (`Capabilities`, corrected by what the endpoint refuses).
"""
