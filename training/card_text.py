"""The words of a card's figures: a readable name and, in one line, what each figure means."""

from typing import NamedTuple


class Figure(NamedTuple):
    """What a key of `metrics.json` is called, and what it means."""

    name: str
    meaning: str


FIGURES = {
    "r_e": Figure(
        "R in E",
        "Fréchet distance to real garments over that of real to real, in the features of an "
        "ImageNet network; 1 is as good as real. Not the Inception FID.",
    ),
    "r_c": Figure(
        "R in C",
        "The same ratio in the features of our own garment classifier, whose floor is tiny.",
    ),
    "fid": Figure("FID", "Fréchet distance in the features of the FID's own Inception network."),
    "kd_e": Figure("KD in E", "Kernel distance (squared MMD) to real garments; lower is better."),
    "precision": Figure("Precision", "Share of samples within the neighbourhood of real garments."),
    "recall": Figure("Recall", "Share of real garments within the neighbourhood of samples."),
    "density": Figure("Density", "How thickly real garments stand around a sample; 1 is as real."),
    "coverage": Figure("Coverage", "Share of real garments that have a sample in their vicinity."),
    "cas_accuracy": Figure(
        "CAS",
        "Share of real garments recognised by a classifier that saw only samples; floor: one that "
        "saw as many real garments.",
    ),
    "cas_gap": Figure(
        "CAS gap",
        "Points of accuracy that a classifier loses on real garments when it learnt from samples "
        "instead of as many real ones.",
    ),
    "ppl_ratio": Figure(
        "PPL(W) / PPL(Z)", "Perceptual path length in w over that in z; below 1, w is smoother."
    ),
    "ppl_w": Figure("PPL in W", "Perceptual path length: change of the picture for a step in w."),
    "ppl_z": Figure("PPL in Z", "Perceptual path length for a step in z."),
    "memorisation": Figure(
        "Memorisation",
        "Share of samples nearer to a training garment than to a test garment, as many of each; "
        "what only copies is far above one half.",
    ),
    "authpct": Figure(
        "AuthPct",
        "Share of samples farther from their nearest training garment than that one is from its "
        "own nearest.",
    ),
    "c_t": Figure(
        "C_T",
        "Data-copying statistic; below 0 where samples crowd some garments, be it by copying or by low variety.",
    ),
    "nearest": Figure(
        "Nearest pairs",
        "Mean distance of the twenty samples nearest to training garments; far below the floor "
        "would be copies.",
    ),
    "label_agreement": Figure(
        "Label agreement", "Share of samples that our classifier takes for the class asked for."
    ),
    "kd_e_by_class": Figure("KD in E by class", "Mean of the kernel distances class by class."),
    "fd_c_by_class": Figure("FD in C by class", "Mean of the Fréchet distances class by class."),
    "style_coherence": Figure(
        "Style coherence",
        "Correlation of brightness and texture of one seed across classes; the floor is that of "
        "garments paired at random.",
    ),
    **{
        f"{key}_{stage}": Figure(f"{name}, {told}", meaning)
        for key, name, meaning in (
            (
                "match_error",
                "Match error",
                "Root mean square difference of pixels, as a share of the whole scale of grey.",
            ),
            ("psnr", "PSNR", "The same in decibels; higher is better."),
            ("ssim", "SSIM", "Structural similarity (torchmetrics); 1 is the same picture."),
            (
                "lpips_c",
                "LPIPS in C",
                "Distance in all layers of our garment classifier, unit vectors and no weights.",
            ),
            (
                "agreement",
                "Class agreement",
                "Share of garments drawn again that our classifier takes for their true class.",
            ),
            ("seconds", "Seconds", "From one picture to its garment, alone, the median of a few."),
            (
                "edit_ratio",
                "Edit ratio",
                "Effect of a named edit on found garments over that on made ones; the median.",
            ),
            (
                "edit_class_kept",
                "Class kept by edits",
                "Share of edited garments that are still taken for what they were before.",
            ),
        )
        for stage, told in (
            ("encoder", "encoder"),
            ("w", "one w"),
            ("layers", "w per layer"),
        )
    },
    "parameters": Figure("Parameters", "Numbers in the generator."),
    "mmac": Figure("MMAC", "Millions of multiplications and additions for one picture."),
    "ms_batch_1": Figure("ms, alone", "Milliseconds to draw one picture alone."),
    "ms_batch_100": Figure("ms, in hundreds", "Milliseconds a picture among a hundred."),
}

FASHION_DATA = (
    "Trained on 55,000 of the 60,000 training pictures of Fashion-MNIST (Zalando Research, MIT). "
    "Weights and code are MIT as well."
)
OWN_DATA = (
    "Trained on pictures of the publisher's own choice, who must say here what they are and on "
    "which terms; the licence of the weights depends on theirs."
)
PORTUGUESE = (
    "Rede adversária (GAN) do projeto *Trama*. Cada semente é sempre a mesma imagem; a folha acima "
    "mostra as primeiras sementes, sem escolha. O exemplo em *Use* funciona como está."
)


HEADLINES = (
    "r_e", "r_c", "fid", "kd_e", "precision", "recall", "density", "coverage", "cas_accuracy",
    "cas_gap", "ppl_ratio", "memorisation", "style_coherence",
)  # fmt: skip
"""Figures that also stand in the card's metadata."""


def figure_name(key: str) -> str:
    """What a key is called; one that is not known speaks for itself."""
    return FIGURES[key].name if key in FIGURES else key.replace("_", " ")


def metric_name(key: str) -> str:
    """Name of a figure in the metadata, where it stands alone."""
    name, meaning = FIGURES[key]
    return f"{name}: {meaning.partition(';')[0].partition('.')[0]}"
