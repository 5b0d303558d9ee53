package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.learn.LearnerOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenersTest {

  private static final String BASE =
      Path.of(System.getProperty("millrace.root"))
          .resolve("model-runtime/src/test/resources/golden/olmoe-tiny")
          .toString();

  @Test
  void scorersAndLearners_samplesLongerThanTheBaseReads_refusedBeforeTheFirst() {
    MillraceConfig config = config(Map.of("score.model.trainTokens", "129"));
    String expected =
        "score.model.trainTokens is 129, expected at most 128, the positions of the base " + BASE;
    LearnerOpener learners = Openers.learners(config);
    for (Opener<?> opener :
        List.<Opener<?>>of(
            Openers.scorers(config),
            (Opener<Learner>) subtask -> learners.open(subtask, new Nobody()),
            learners.trainers())) {
      Exception refused = assertThrows(IllegalArgumentException.class, () -> opener.open(0));
      assertEquals(expected, refused.getMessage());
    }
  }

  /** Else the first long one would take more memory than there is to be. */
  @Test
  void learners_samplesLongerThanAThreadHasMemoryFor_refusedBeforeTheFirst() {
    MillraceConfig config =
        config(Map.of("score.model.trainTokens", "128", "learn.plan.memoryBytes", "" + (33 << 20)));
    LearnerOpener learners = Openers.learners(config);
    for (Opener<?> opener :
        List.<Opener<?>>of(
            (Opener<Learner>) subtask -> learners.open(subtask, new Nobody()),
            learners.trainers())) {
      Exception refused = assertThrows(IllegalArgumentException.class, () -> opener.open(0));
      String said = String.valueOf(refused.getMessage());
      assertTrue(said.startsWith("learn.plan.memoryBytes is 34603008, for "), said);
      assertTrue(said.endsWith("score.model.trainTokens, 128: 69206016 holds them"), said);
    }
  }

  /** Each takes 16 MiB before the first token, bf16 400 for all of them. */
  @ParameterizedTest
  @ValueSource(ints = {7, 9})
  void learners_moreThreadsInBf16ThanTheDefaultHolds_refusedByKeyValueAndWhatIsNeeded(int threads)
      throws Exception {
    MillraceConfig config =
        config(
            Map.of(
                "score.model.trainTokens", "128",
                "learn.plan.precision", "bf16",
                "learn.plan.threads", "" + threads));
    LearnerOpener learners = Openers.learners(config);
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> learners.open(0, new Nobody()));
    String said = String.valueOf(refused.getMessage());
    assertTrue(said.startsWith("learn.plan.memoryBytes is 536870912, for "), said);
    assertTrue(said.contains("on each of %d threads in BF16".formatted(threads)), said);
    assertTrue(said.endsWith("score.model.trainTokens, 128: 1073741824 holds them"), said);
  }

  /** Else each token would have one expert, or all that it may have, and nothing would say so. */
  @ParameterizedTest
  @ValueSource(strings = {"0.05", "0.3"})
  void learners_shareThatNoTokenOfTheBaseCanHave_refusedBeforeTheFirst(String share) {
    MillraceConfig config =
        config(
            Map.of(
                "score.model.trainTokens", "128",
                "learn.routing.policy", "entropy",
                "learn.routing.share", share));
    LearnerOpener learners = Openers.learners(config);
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> learners.open(0, new Nobody()));
    assertEquals(
        "learn.routing.share is "
            + share
            + ", expected 0.0625 to 0.25: a token of the base gets 1 to 4 of its 16 experts",
        refused.getMessage());
  }

  /** A token gets 1 to 8 of the base's 32 experts, which the tolerance takes for these shares. */
  @ParameterizedTest
  @ValueSource(strings = {"0.0312", "0.0307", "0.255"})
  void learners_shareThatIsReachedButForTheTolerance_open(String share, @TempDir Path store)
      throws Exception {
    MillraceConfig config =
        config(
            Map.of(
                "base.dir",
                NanoReleases.NANO.toString(),
                "store.uri",
                store.toUri().toString(),
                "learn.routing.policy",
                "entropy",
                "learn.routing.share",
                share));
    Openers.learners(config).open(0, new Nobody()).close();
  }

  /** It would publish, and nobody would serve it. */
  @Test
  void learners_nothingSignsWhatMustBeSigned_refusedBeforeTheFirst(@TempDir Path store)
      throws Exception {
    var key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic();
    MillraceConfig config =
        config(
            Map.of(
                "base.dir", NanoReleases.NANO.toString(),
                "store.uri", store.toString(),
                "store.trustedKeys", Base64.getEncoder().encodeToString(key.getEncoded())));
    LearnerOpener learners = Openers.learners(config);
    for (Opener<?> opener :
        List.<Opener<?>>of(
            (Opener<Learner>) subtask -> learners.open(subtask, new Nobody()),
            Openers.adopting(config))) {
      Exception refused = assertThrows(IllegalArgumentException.class, () -> opener.open(0));
      assertTrue(refused.getMessage().startsWith("store.trustedKeys lacks"), refused::getMessage);
    }
  }

  @Test
  void signer_keyThatIsNone_isRefusedByTheNameOfItsVariable(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("key"), "hunter2");
    Secret none = new Secret(null);
    String expected = "the signing key is no Ed25519 key, expected the base64 of its PKCS #8 form";
    for (String key : List.of("", "hunter2")) {
      Exception refused =
          assertThrows(IllegalArgumentException.class, () -> Openers.signer(new Secret(key), none));
      assertEquals("MILLRACE_SIGNING_KEY: " + expected, refused.getMessage());
    }
    Exception refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> Openers.signer(none, new Secret(file.toString())));
    assertEquals("MILLRACE_SIGNING_KEY_FILE " + file + ": " + expected, refused.getMessage());
  }

  /** A gateway need not know how much memory the learn job has. */
  @Test
  void adopting_noMemoryToTrainWith_opensSinceItTrainsNothing(@TempDir Path store)
      throws Exception {
    MillraceConfig config =
        config(
            Map.of(
                "base.dir", NanoReleases.NANO.toString(),
                "store.uri", store.toUri().toString(),
                "learn.plan.memoryBytes", "" + (34 << 20)));
    try (Opened<AdoptionParts> parts = Openers.adopting(config).open(0)) {
      assertEquals(Openers.heldOut(config), parts.value().heldOut());
    }
  }

  private static MillraceConfig config(Map<String, String> settings) {
    return MillraceConfig.defaults().with(Map.of("base.dir", BASE)).with(settings);
  }

  @Test
  void opener_whateverIsThrown_closesWhatWasOpenAndThrowsIt() {
    for (Throwable thrown : List.of(new NoClassDefFoundError("x"), new IllegalStateException())) {
      List<String> closed = new ArrayList<>();
      Exception unclosable = new IOException("cannot be closed");
      Opener<String> opener =
          Openers.opener(
              (subtask, resources) -> {
                resources.add(() -> closed.add("first"));
                resources.add(
                    () -> {
                      throw unclosable;
                    });
                ExceptionUtils.rethrow(thrown);
                return "never";
              });
      assertSame(thrown, assertThrows(Throwable.class, () -> opener.open(0)));
      assertEquals(List.of("first"), closed);
      assertEquals(List.of(unclosable), List.of(thrown.getSuppressed()));
    }
  }

  /** Trains nothing for anybody. */
  private static final class Nobody implements Processes {
    @Override
    public Call next() {
      throw new AssertionError("no lesson is asked for");
    }

    @Override
    public List<Report> round(List<Order> orders, Governor governor) {
      throw new AssertionError("no lesson is asked for");
    }
  }
}
