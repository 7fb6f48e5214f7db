"""personae: simulated users that stand in for your real ones.

    from personae import Persona, simulate, score_simulations

    results = simulate(model_fn, personas, max_turns=8, budget_usd=1.00)
    summary = score_simulations(results)

Names are imported when they are first asked for, so that `import personae` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personae.api import propose_personas, score_simulations, simulate
    from personae.bots import BotSpec
    from personae.core.conversation import DISCLAIMER
    from personae.core.persona import Persona, Scenario
    from personae.core.query import Query
    from personae.core.rating import Criterion
    from personae.core.result import SimulationResult
    from personae.decisions import compare, gate
    from personae.errors import PersonaeError
    from personae.judges import check_judge, identify_roles, persona_score, probe_judge
    from personae.making import generate
    from personae.provenance import record_prompts
    from personae.sources import read_criteria, read_personas, read_queries, read_scenarios

__version__ = "0.1.0"

_HOMES = {
    "BotSpec": "personae.bots",
    "Criterion": "personae.core.rating",
    "DISCLAIMER": "personae.core.conversation",
    "Persona": "personae.core.persona",
    "PersonaeError": "personae.errors",
    "Query": "personae.core.query",
    "Scenario": "personae.core.persona",
    "SimulationResult": "personae.core.result",
    "check_judge": "personae.judges",
    "compare": "personae.decisions",
    "gate": "personae.decisions",
    "generate": "personae.making",
    "identify_roles": "personae.judges",
    "persona_score": "personae.judges",
    "probe_judge": "personae.judges",
    "propose_personas": "personae.api",
    "read_criteria": "personae.sources",
    "read_personas": "personae.sources",
    "read_queries": "personae.sources",
    "read_scenarios": "personae.sources",
    "record_prompts": "personae.provenance",
    "score_simulations": "personae.api",
    "simulate": "personae.api",
}

__all__ = [
    "DISCLAIMER",
    "BotSpec",
    "Criterion",
    "Persona",
    "PersonaeError",
    "Query",
    "Scenario",
    "SimulationResult",
    "__version__",
    "check_judge",
    "compare",
    "gate",
    "generate",
    "identify_roles",
    "persona_score",
    "probe_judge",
    "propose_personas",
    "read_criteria",
    "read_personas",
    "read_queries",
    "read_scenarios",
    "record_prompts",
    "score_simulations",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'personae' has no attribute {name!r}")
