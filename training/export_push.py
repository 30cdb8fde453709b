"""An export to the Hub, as a dataset: one commit, and nothing left there of an earlier export."""

from pathlib import Path

from model.client import HubError, check_repo_id, explained, open_api
from model.export import STATE_FILE, ExportPlan
from model.export_formats import IDX_IMAGES, IDX_LABELS, PARQUET_FOLDER, parquet_path
from model.weights import CARD_FILE, METRICS_FILE, SHEET_FILE, STUDY_FILE

_BESIDE = (CARD_FILE, METRICS_FILE, SHEET_FILE, STUDY_FILE, STATE_FILE, IDX_IMAGES, IDX_LABELS)


def pushed_files(folder: Path, plan: ExportPlan) -> dict[str, Path]:
    """What is sent, by its path there: not the single pictures, which Parquet holds as well."""
    names = [parquet_path(number, plan.shards) for number in range(plan.shards)]
    names += [name for name in _BESIDE if (folder / name).is_file()]
    return {name: folder / name for name in names}


def push_export(
    folder: Path, plan: ExportPlan, repo_id: str, card: str, private: bool = False
) -> str:
    """Upload a finished export and return the commit's address; pushing it again changes nothing.

    `card` takes the place of the folder's own, which tells of files that are not sent.

    Raises:
        ValueError: repo_id is not well-formed.
        HubError: no token, a refusal or no connection.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    check_repo_id(repo_id)
    api, files = open_api(None), pushed_files(folder, plan)
    with explained(f"dataset {repo_id}"):
        api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
        if private and not api.dataset_info(repo_id).private:
            raise HubError("conflict", f"{repo_id} exists and is public; nothing was uploaded")
        stale = [
            name
            for name in api.list_repo_files(repo_id, repo_type="dataset")
            if (name.startswith(f"{PARQUET_FOLDER}/") or name in _BESIDE) and name not in files
        ]
        commit = api.create_commit(
            repo_id,
            [
                *(
                    CommitOperationAdd(name, card.encode() if name == CARD_FILE else path)
                    for name, path in files.items()
                ),
                *(CommitOperationDelete(name) for name in stale),
            ],
            commit_message=f"{plan.count:,} generated pictures",
            repo_type="dataset",
        )
    return str(commit.commit_url)
