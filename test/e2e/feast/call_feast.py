"""Makes the calls that stand as JSON on standard input with Feast's SDK, and writes what it returned, or raised, as JSON.

The repository of the SDK is the folder that it is started in: an unmodified feature_store.yaml and an empty registry.
"""

import json
import sys

from feast import FeatureService, FeatureStore

store = FeatureStore(repo_path=".")


def get(call: dict) -> dict:
    features = call["features"] if "features" in call else FeatureService(name=call["service"], features=[])
    answer = store.get_online_features(
        features=features, entity_rows=call["rows"], full_feature_names=call.get("full_names", False)
    )
    return {"columns": answer.to_dict()}


def made(call: dict) -> dict:
    try:
        return get(call)
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


json.dump([made(call) for call in json.load(sys.stdin)], sys.stdout)
