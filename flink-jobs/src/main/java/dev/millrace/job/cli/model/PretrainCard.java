package dev.millrace.job.cli.model;

import dev.millrace.model.pretrain.Pretraining;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * The model card of a base that was pre-trained.
 *
 * @param steps those of its last training, if it does not say how it was trained
 * @param bytes of each corpus in one pass
 */
record PretrainCard(
    Pretraining.History history,
    int steps,
    long seed,
    SortedMap<String, Long> bytes,
    SortedMap<String, HeldOutTexts.Judged> judged) {

  String text() {
    StringBuilder card = new StringBuilder();
    int seen = history.steps() == 0 ? steps : history.steps();
    card.append("# nano\n\n")
        .append(
            "The base that ships with Millrace: OLMoE layout, 4 layers, width 192, 32 experts of"
                + " 96, ")
        .append("4 active a token (12.5 %), 4,096 byte-level BPE tokens, 512 positions.\n\n")
        .append("Made by ")
        .append(
            history.legs().stream()
                .map(leg -> "`./millrace model pretrain --steps " + leg + " --seed " + seed + "`")
                .collect(Collectors.joining(", then, from its state, ")))
        .append(": AdamW (0.9, 0.95), rate 3e-3 after 200 steps of warmup, linear decay to a ")
        .append(
            "tenth over the last fifth of the steps of each, weight decay 0.1, gradient norm"
                + " clipped at 1, load balance 0.01, ")
        .append("windows of 256 tokens, 4,096 tokens a step.\n\n")
        .append(later())
        .append(
            "Tokens seen: %,d. Time: %.0f minutes on %d cores.\n\n"
                .formatted(
                    seen * 4096L,
                    history.seconds() / 60,
                    Runtime.getRuntime().availableProcessors()))
        .append("| data | UTF-8 bytes in one pass |\n|---|---|\n");
    bytes.forEach((d, n) -> card.append("| %s | %,d |\n".formatted(d, n)));
    card.append(
            "\n"
                + "Bits per byte on held-out documents (a tenth, by hash), each piece on its own;"
                + " the 6-gram ")
        .append("(Witten-Bell) was trained on the same bytes:\n\n")
        .append(
            "| domain | fp32 | int8 as served | byte 6-gram | bytes |\n|---|---|---|---|---|\n");
    judged.forEach(
        (domain, j) ->
            card.append(
                "| %s | %.3f | %.3f | %.3f | %,d |\n"
                    .formatted(domain, j.fp32(), j.int8(), j.ngram(), j.bytes())));
    card.append(
            "\n"
                + "`anchors.jsonl` is trained beside every adapter's batch, of each domain in"
                + " `protected.jsonl` three quarters judge every candidate, and reports measure the"
                + " rest; ")
        .append(
            "they share no document with each other or with the training data. Licences:"
                + " NOTICE.\n");
    return card.toString();
  }

  private String later() {
    return history.later().isEmpty()
        ? ""
        : "Then, in another order, rate 1.5e-3 after 50 steps and falling linearly to a tenth, and with as many experts as the entropy of the router says where a command has `--experts`, "
            + history.later().stream().map(this::leg).collect(Collectors.joining(", "))
            + ".\n\n";
  }

  private String leg(Pretraining.Leg leg) {
    return "from step %d on `./millrace model pretrain --from DIR%s --steps %d --seed %d`"
        .formatted(leg.from(), experts(leg.experts()), leg.planned(), seed);
  }

  private static String experts(Pretraining.Experts experts) {
    String means =
        experts.means().stream()
            .map(
                mean -> mean == Math.rint(mean) ? Long.toString(Math.round(mean)) : mean.toString())
            .collect(Collectors.joining(","));
    boolean topK = experts.means().stream().allMatch(mean -> mean == 0);
    return (topK ? "" : " --experts " + means)
        + (experts.sharpness() == 0 ? "" : " --sharpness " + experts.sharpness());
  }
}
