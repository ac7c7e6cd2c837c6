"""
Tutorial: train a model on the past, and serve it the same values.

Will a flight out of New York arrive late or be cancelled? After `npm run quickstart`, from the root of the checkout:

    pip install './clients/python[sklearn]'
    python examples/flights/tutorial.py

It asks the feature store for 100 flights that leave now, adds them to 20,000 labelled flights of the last twelve
months, has features looked up for all of them as they were at each one's time (a training set), fits a logistic
regression on the older flights, scores it on the newer ones, and shows that the training set holds for the flights of
now, bit by bit, the values that were served.
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import pandas
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tidemark import Client, OnlineFeatures, TrainingSet

SERVICE = "delay_model"
KEYS = ["carrier", "origin", "tailnum"]
LABEL = "delayed"


@dataclass(frozen=True)
class Split:
    """Older rows to learn from, newer ones to be judged by: a model that saw the future looks too good."""

    train: pandas.DataFrame
    test: pandas.DataFrame


def serve(client: Client, flights: pandas.DataFrame) -> OnlineFeatures:
    """What a model would be given for these flights (up to 100) at this moment, in the order of the service."""
    return client.get_online(
        SERVICE, flights[KEYS].to_dict("records"), request=flights[["distance"]].to_dict("records")
    )


def with_flights_of_now(spine: pandas.DataFrame, flights: pandas.DataFrame, served: OnlineFeatures) -> pandas.DataFrame:
    """The labelled flights, then those that were served, at the instant of the answer. Nobody knows their label yet."""
    zone = getattr(spine["event_timestamp"].dt, "tz", None)
    as_of = pandas.Timestamp(served.as_of) if zone else pandas.Timestamp(served.as_of).tz_localize(None)
    now = flights.assign(event_timestamp=as_of, **{LABEL: pandas.NA}).astype({LABEL: "boolean"})
    return pandas.concat([spine.astype({LABEL: "boolean"}), now], ignore_index=True)


def split_by_time(rows: pandas.DataFrame, train_share: float = 0.8) -> Split:
    """No row of the test is older than a row of the training."""
    ordered = rows.sort_values("event_timestamp", kind="stable")
    cut = ordered["event_timestamp"].quantile(train_share, interpolation="higher")
    return Split(train=ordered[ordered["event_timestamp"] < cut], test=ordered[ordered["event_timestamp"] >= cut])


def matrix(rows: pandas.DataFrame, features: list[str]) -> pandas.DataFrame:
    """Numbers for scikit-learn: nulls as NaN."""
    return rows[features].astype("Float64").astype("float64")


def fit(rows: pandas.DataFrame, features: list[str]) -> Pipeline:
    """A logistic regression; a missing value says something too, so it gets a column of its own."""
    model = make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler(), LogisticRegression(max_iter=500)
    )
    return model.fit(matrix(rows, features), rows[LABEL].astype(bool))


def auc(model: Pipeline, rows: pandas.DataFrame, features: list[str]) -> float:
    """Chance that a delayed flight gets a higher score than one on time: 0.5 is guessing."""
    return float(roc_auc_score(rows[LABEL].astype(bool), model.predict_proba(matrix(rows, features))[:, 1]))


def differences(dataset: pandas.DataFrame, served: OnlineFeatures) -> list[str]:
    """Values of the training set that are not the very ones that were served, as sentences; both in the same order."""
    found = []
    for (at, row), online in zip(dataset.iterrows(), served, strict=True):
        for name in served.names:
            trained = None if pandas.isna(row[name]) and not is_nan(online[name]) else row[name]
            if trained != online[name] and not (is_nan(trained) and is_nan(online[name])):
                found.append(f"row {at} {name}: trained on {trained}, served {online[name]}")
    return found


def is_nan(value: object) -> bool:
    """Is it the number NaN, not a null?"""
    return isinstance(value, float) and math.isnan(value)


def run(client: Client, spine: pandas.DataFrame) -> tuple[float, list[str]]:
    """All steps; returns the AUC and what differs between the training set and what was served."""
    flights = spine.drop_duplicates(KEYS).sample(n=100, random_state=7)
    served = serve(client, flights)
    present = sum(status == "PRESENT" for row in served for status in row.statuses.values())
    print(f"served {len(served)} flights x {len(served.names)} features at {served.as_of}, {present} values PRESENT")

    started = time.monotonic()
    training_set: TrainingSet = client.training_set(with_flights_of_now(spine, flights, served), SERVICE).wait()
    dataset = training_set.to_pandas()
    print(f"training set {training_set.id}: {len(dataset)} rows in {time.monotonic() - started:.0f} s")

    features = list(training_set.types)
    split = split_by_time(dataset[dataset[LABEL].notna()])
    model = fit(split.train, features)
    score = auc(model, split.test, features)
    print(f"trained on {len(split.train)} older flights, tested on {len(split.test)} newer ones: AUC {score:.3f}")

    different = differences(dataset[dataset[LABEL].isna()], served)
    values = len(served) * len(served.names)
    print(f"trained on and served: {values - len(different)} of {values} values are equal")
    for line in different[:10]:
        print(f"  {line}")

    risks = model.predict_proba(matrix(served.to_pandas(), features))[:, 1]
    riskiest = int(risks.argmax())
    print(f"likeliest to be late of those that leave now: {served[riskiest].entity} with {risks[riskiest]:.0%}")
    return score, different


def main() -> int:
    """Exits 1 where the model is no better than AUC 0.6 or a value differs."""
    arguments = argparse.ArgumentParser(description="train on the past, serve the same values")
    arguments.add_argument("--target", default="local", help="name or file of the deployment")
    arguments.add_argument("--spine", default=".tidemark/quickstart/spine.parquet", help="labelled flights")
    options = arguments.parse_args()
    score, different = run(Client.from_target(options.target), pandas.read_parquet(Path(options.spine)))
    return 0 if score > 0.6 and not different else 1


if __name__ == "__main__":
    raise SystemExit(main())
