package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.job.NanoReleases;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForgetProofTest {

  @TempDir Path store;

  /** Domains may be on two bases at once, of which no command has more than one. */
  @Test
  void of_releasesOfAnotherBase_isNoProofAndNoFailure() throws IOException {
    String first = publish(null, 1, "kept");
    String knowing = publish(first, 2, "gone");
    Forgetting forgetting = new Forgetting(StoredReleases.read(store), Set.of("gone"));
    ForgetProof proof =
        new ForgetProof(
            NanoReleases.NANO,
            MillraceConfig.defaults(),
            2,
            new PrintWriter(Writer.nullWriter(), true));
    String why = " is of base base, expected that of " + NanoReleases.NANO;
    assertStartsWith(knowing + why, hindrance(proof.of(forgetting, knowing, first)));
    assertStartsWith(knowing + why, hindrance(proof.of(forgetting, knowing, null)));
  }

  @Test
  void of_ancestorIsGone_saysThatAndNoOtherCause() throws IOException {
    String knowing = publish("f".repeat(64), 2, "gone");
    Forgetting forgetting = new Forgetting(StoredReleases.read(store), Set.of("gone"));
    ForgetProof proof =
        new ForgetProof(
            NanoReleases.NANO,
            MillraceConfig.defaults(),
            2,
            new PrintWriter(Writer.nullWriter(), true));
    assertEquals(
        "an ancestor of " + knowing + " is not in the store",
        hindrance(proof.of(forgetting, knowing, null)));
  }

  private static String hindrance(ForgetProof.Measured measured) {
    assertNull(measured.proof());
    return String.valueOf(measured.hindrance());
  }

  private static void assertStartsWith(String expected, String actual) {
    assertTrue(actual.startsWith(expected), actual);
  }

  /** Else what a proof takes, or fails at, would keep what is to be deleted. */
  @Test
  void of_noModels_measuresNothingAndReadsNoBase() throws IOException {
    String knowing = publish(null, 1, "gone");
    Forgetting forgetting = new Forgetting(StoredReleases.read(store), Set.of("gone"));
    ForgetProof proof =
        new ForgetProof(
            store.resolve("no base"),
            MillraceConfig.defaults(),
            0,
            new PrintWriter(Writer.nullWriter(), true));
    assertEquals("--models 0", hindrance(proof.of(forgetting, knowing, null)));
  }

  /** A release of no base that is here, whose files nobody reads. */
  private String publish(@Nullable String parent, long batch, String sample) throws IOException {
    var learned = new LearnedSample(sample, new Origin("samples", 0, batch), false);
    Manifest manifest = Manifests.of("stamps", parent, batch, learned);
    Path unused = Manifests.store(store, manifest);
    return manifest.id();
  }
}
