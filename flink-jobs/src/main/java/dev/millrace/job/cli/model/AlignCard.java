package dev.millrace.job.cli.model;

import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignExam;
import dev.millrace.model.align.AlignTensor;
import dev.millrace.model.align.PrefixWeights;
import java.util.SortedMap;

/** The model card of the encoders. */
record AlignCard(
    AlignConfig config,
    PrefixWeights prefixes,
    int prefixSteps,
    SortedMap<String, Integer> taught,
    SortedMap<String, AlignExam> exams,
    double minutes) {

  String text() {
    StringBuilder card = new StringBuilder();
    int parameters =
        AlignTensor.all(config.hiddenSize()).stream().mapToInt(AlignTensor::size).sum();
    card.append("# align\n\n")
        .append("Encoders that bring text, code, pictures and sounds into one space of 64.\n\n")
        .append(
            ("Made by `./millrace model align --steps %d --seed %d`: symmetric InfoNCE with a"
                    + " learned temperature, batches of 128 pairs of each kind in which up to four"
                    + " of one cluster (first word, file, topic) stand together, pairs of one"
                    + " caption not told apart. %,d parameters, bf16.%n%n")
                .formatted(config.steps(), config.seed(), parameters))
        .append(
            ("`prefix.safetensors` makes of a picture or a sound %d rows that the base reads"
                    + " before a prompt: %,d parameters, trained for %d steps of 64 captions on the"
                    + " base's loss of the caption, base and encoders frozen. %.1f minutes in all"
                    + " on %d cores.%n%n")
                .formatted(
                    prefixes.length(),
                    prefixes.parameters(),
                    prefixSteps,
                    minutes,
                    Runtime.getRuntime().availableProcessors()))
        .append(
            "`known.safetensors` says where the encoders see held-out pairs that they know, which"
                + " alignments that are learned in the stream must not spoil.\n\n")
        .append("Base whose hidden states its texts come with: `" + config.base() + "`.\n\n")
        .append(
            "On pairs held out by name (an icon and its outlined twin together), by transcript"
                + " and by file:\n\n")
        .append(
            "| pairs | trained on | held out | recall@1 | recall@10 | recall@1 by caption |"
                + " recall@10 by caption | recall@10 against chance | AUC of mismatched pairs |\n")
        .append("|---|---|---|---|---|---|---|---|---|\n");
    exams.forEach(
        (kind, exam) ->
            card.append(
                "| %s | %,d | %,d | %.3f | %.3f | %.3f | %.3f | %.0f × | %.3f |%n"
                    .formatted(
                        kind,
                        taught.getOrDefault(kind, 0),
                        exam.pairs(),
                        exam.recall1(),
                        exam.recall10(),
                        exam.back1(),
                        exam.back10(),
                        Math.min(exam.recall10(), exam.back10()) / exam.chance10(),
                        exam.auc())));
    card.append("\nWhat it was trained on: NOTICE. What it is used for: docs/modalities.md.\n");
    return card.toString();
  }
}
