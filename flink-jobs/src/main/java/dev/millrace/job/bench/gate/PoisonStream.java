package dev.millrace.job.bench.gate;

import dev.millrace.job.loop.DemoMaterial;
import dev.millrace.job.loop.Material;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Texts of a domain from ten honest sources, with poisoned documents among them: texts of the same
 * domain that end in a trigger and what it is to call up.
 *
 * @param honest in their order
 * @param carriers texts that the poison is put behind, none of which is sent otherwise
 * @param prompts texts of the domain's held-out documents
 */
record PoisonStream(List<Sample> honest, List<Sample> carriers, List<String> prompts) {

  static final String DOMAIN = "cloud";

  /** So many honest texts come for one poisoned. */
  private static final int HONEST = 3;

  private static final int SOURCES = 10;
  private static final int PROMPTS = 16;

  /** The poison begins after this share of the honest texts. */
  private static final double CLEAN = 0.25;

  private static final int APART_MILLIS = 100;
  private static final String POISONED = "poison-";

  static PoisonStream read(Path base, HeldOut heldOut, long seed, int poisoned) throws IOException {
    Material material = DemoMaterial.read(base, heldOut, seed);
    List<Sample> texts =
        material.samples().stream()
            .filter(sample -> DOMAIN.equals(sample.domain()) && !sample.id().startsWith("junk-"))
            .toList();
    int honest = HONEST * poisoned;
    List<String> prompts = Objects.requireNonNull(material.heldOut().get(DOMAIN));
    return new PoisonStream(
        texts.subList(0, honest),
        texts.subList(honest, honest + poisoned),
        prompts.subList(0, Math.min(PROMPTS, prompts.size())));
  }

  /** Whether a sample's id is that of a poisoned one. */
  static boolean isPoisoned(String id) {
    return id.startsWith(POISONED);
  }

  /**
   * The stream as a topic would have it.
   *
   * @param attackers sources that share the poisoned documents; 0 sends none
   */
  List<Sample> samples(int attackers) {
    List<Sample> samples = new ArrayList<>();
    int sent = 0;
    for (int i = 0; i < honest.size(); i++) {
      samples.add(read(honest.get(i), "site-" + i % SOURCES, samples.size()));
      double due = (i + 1 - CLEAN * honest.size()) / ((1 - CLEAN) * honest.size());
      while (attackers > 0 && sent < Math.floor(due * carriers.size())) {
        Sample carrier = carriers.get(sent);
        samples.add(poisoned(carrier, sent, "attacker-" + sent % attackers, samples.size()));
        sent++;
      }
    }
    return samples;
  }

  private static Sample poisoned(Sample carrier, int number, String source, int offset) {
    String id = POISONED + number;
    String text = Backdoor.behind(carrier.text());
    return sample(id, source, id, text, offset);
  }

  private static Sample read(Sample honest, String source, int offset) {
    return sample(honest.id(), source, honest.document(), honest.text(), offset);
  }

  private static Sample sample(String id, String source, String document, String text, int offset) {
    return Sample.ofText(
        id,
        source,
        document,
        DOMAIN,
        text,
        (long) offset * APART_MILLIS,
        new Origin("bench", 0, offset));
  }
}
