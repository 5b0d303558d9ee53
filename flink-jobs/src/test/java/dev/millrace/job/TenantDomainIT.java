package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a tenant teaches answers it once that is better than the shared release that did. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class TenantDomainIT {

  private static final String TENANT = "acme";
  private static final String DOMAIN = "cloud";
  private static final int BATCH = 8;
  private static final int JUDGES = 4;

  /** After which one lesson is not better. */
  private static final int LESSONS = 4;

  private static final Map<String, String> SETTINGS =
      Map.of("batch.count", "" + BATCH, "batch.spanMillis", "1000000", "heldOut.everyNth", "3");

  private final Random random = new Random(5);
  private int samples;
  private int lessons;
  private int asked;

  @Test
  void tenantTeachesWhatASharedDomainAnswers_thatAnswersUntilTheTenantsOwnIsBetter()
      throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      JobClient serve = loop.serve(TinyParts.servings(loop.config()));
      loop.learn(TinyParts.learnersThatGain(loop.config()));
      try (Feed feed = loop.feed()) {
        ReleaseEvent shared = next(null, feed, loop);
        for (int i = 1; i < LESSONS; i++) {
          shared = next(null, feed, loop);
          assertEquals(0, shared.withheld());
        }
        await(shared.release(), null, feed, loop);

        ReleaseEvent shadow = next(TENANT, feed, loop);
        assertEquals(1, shadow.withheld(), "what many lessons taught is better");
        assertNull(shadow.parent());
        assertEquals(
            "beside release %s of the shared domain".formatted(shared.release()),
            compared(shadow, loop));
        await(shadow.release(), shadow.release(), feed, loop);
        await(shared.release(), null, feed, loop);

        serve.cancel().get();
        loop.serve(TinyParts.servings(loop.config()));
        await(shadow.release(), shadow.release(), feed, loop);
        await(shared.release(), null, feed, loop);

        byte[] unload = Codecs.releases().encode(shared.backToBase("test"));
        Origin unused = feed.place(loop.topics().releases(), DOMAIN, unload);
        await(null, null, feed, loop);
        ReleaseEvent own = next(TENANT, feed, loop);
        assertEquals(0, own.withheld());
        assertEquals("the shared domain has no release any more", compared(own, loop));
        await(own.release(), null, feed, loop);
      }
    }
  }

  /** Teaches until there is another release. */
  private ReleaseEvent next(@Nullable String tenant, Feed feed, Loop loop) throws Exception {
    Deadline deadline = new Deadline("another release");
    while (true) {
      deadline.check();
      teach(tenant, feed, loop);
      String release = verdict(++lessons, loop).release();
      if (release != null) {
        ReleaseEvent last = null;
        for (int known = 1; last == null || !last.release().equals(release); known++) {
          last = loop.releases(known).get(known - 1);
        }
        return last;
      }
    }
  }

  /** The verdict on a lesson, counted from 1; orders have some too. */
  private static Verdict verdict(int lesson, Loop loop) throws Exception {
    List<Verdict> taught = List.of();
    for (int known = lesson; taught.size() < lesson; known++) {
      taught = loop.verdicts(known).stream().filter(verdict -> verdict.samples() > 0).toList();
    }
    return taught.get(lesson - 1);
  }

  /** Sends a batch, and a few texts before it that judge. */
  private void teach(@Nullable String tenant, Feed feed, Loop loop) {
    int judge = 0;
    for (int teach = 0; teach < BATCH; ) {
      Sample sample = sample().withTenant(tenant);
      boolean judges = TinyParts.heldOut(loop.config()).contains(tenant, DOMAIN, sample.document());
      if (judges ? judge < JUDGES : judge == JUDGES) {
        feed.send(loop.topics().samples(), sample);
        judge += judges ? 1 : 0;
        teach += judges ? 0 : 1;
      }
    }
  }

  private Sample sample() {
    int n = samples++;
    return Feed.sample("sample" + n, DOMAIN, Feed.text(DOMAIN, random), 1_000 + n);
  }

  /** What the verdict on a release says of the comparison. */
  private static String compared(ReleaseEvent release, Loop loop) throws Exception {
    return loop.verdicts(0).stream()
        .filter(verdict -> release.release().equals(verdict.release()))
        .map(Verdict::rules)
        .flatMap(List::stream)
        .filter(rule -> rule.rule().equals("predecessor"))
        .map(RuleResult::reason)
        .findFirst()
        .orElseThrow();
  }

  /** Asks as the tenant until that release answers; null is the base alone. */
  private void await(@Nullable String release, @Nullable String byId, Feed feed, Loop loop)
      throws Exception {
    Deadline deadline = new Deadline("an answer by " + release);
    while (!Objects.equals(release, ask(byId, feed, loop).release())) {
      deadline.check();
    }
  }

  private Answer ask(@Nullable String byId, Feed feed, Loop loop) throws Exception {
    String id = "request" + asked++;
    Request request =
        Feed.request(id, DOMAIN, "say " + id).toBuilder().tenant(TENANT).release(byId).build();
    feed.send(loop.topics().requests(), "caller", request);
    return loop.answers(asked).stream()
        .filter(answer -> answer.request().equals(id))
        .findAny()
        .orElseThrow();
  }
}
