package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.release.BaseRelease;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BasePublisherTest {

  /** Whoever is refused anyway needs no key, and no store. */
  @Test
  void publish_harmedByWhatItWasTaught_isRefusedWithoutTheStore(@TempDir Path folder)
      throws Exception {
    Path next = NanoReleases.copyWithFewTexts(folder.resolve("next"));
    BaseRelease.note(next, Map.of("legal", new BaseRelease.Taught("a".repeat(64), 1, 2)));
    var key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic();
    MillraceConfig config =
        MillraceConfig.defaults()
            .with(
                Map.of(
                    "base.dir",
                    NanoReleases.NANO.toString(),
                    "store.uri",
                    folder.resolve("store").toUri().toString(),
                    "store.trustedKeys",
                    Base64.getEncoder().encodeToString(key.getEncoded())));
    BasePublisher.Result result =
        new BasePublisher(config, said -> {})
            .publish(next, () -> null, new BasePublisher.Bounds(0.01, 0.01), "a test");
    assertNull(result.release());
    assertEquals(1, result.rules().size());
    assertFalse(result.rules().get(0).passed(), result.rules()::toString);
    assertFalse(Files.exists(folder.resolve("store")));
  }
}
