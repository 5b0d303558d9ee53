package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class BaseGateTest {
  private static final GateConfig CONFIG = GateConfig.defaults();
  private static final BigramBase BEFORE = new BigramBase(Bigrams.known());

  /** Most tokens are of a domain of which no base here knows anything. */
  private static final Protection PROTECTION =
      new Protection(
          List.of(
              new ProtectedSet("many", Bigrams.foreign().texts(12, 5)),
              new ProtectedSet("few", Bigrams.known().texts(3, 6))),
          List.of(new Canary("third", new int[] {2})));

  private static List<RuleResult> judge(BigramBase next, double bound) {
    return BaseGate.judge(BEFORE, next, PROTECTION, bound, CONFIG, () -> {});
  }

  private static List<String> failed(List<RuleResult> rules) {
    return rules.stream().filter(rule -> !rule.passed()).map(RuleResult::rule).toList();
  }

  private static BigramBase base(DoubleUnaryOperator of) {
    double[][] p =
        Arrays.stream(Bigrams.known().probabilities())
            .map(row -> Arrays.stream(row).map(of).toArray())
            .toArray(double[][]::new);
    return new BigramBase("c".repeat(64), new Bigrams(p));
  }

  @Test
  void judge_saysWhatTheOneBeforeSays_passesEveryRule() {
    List<RuleResult> rules = judge(new BigramBase(Bigrams.known()), 0);
    assertEquals(List.of(), failed(rules), rules::toString);
    assertEquals(
        List.of("protected-unharmed", "train-serve-parity", "canary-prompts"),
        rules.stream().map(RuleResult::rule).toList());
  }

  @Test
  void judge_worseOnOneDomainOfFewTexts_isRefusedThoughAllTogetherAreWithinTheBound() {
    BigramBase next = base(p -> 0.95 * p + 0.05 / BigramBase.VOCAB);
    RuleResult unharmed = judge(next, CONFIG.protectedBound()).get(0);
    assertEquals(List.of("protected-unharmed"), failed(judge(next, CONFIG.protectedBound())));
    assertTrue(unharmed.figures().get("(all)") < CONFIG.protectedBound(), unharmed::reason);
    assertTrue(unharmed.figures().get("few") > CONFIG.worstProtectedBound(), unharmed::reason);
    assertTrue(unharmed.reason().contains("0.0025 on all and 0.01 on each"), unharmed::reason);
    assertEquals(List.of(), failed(judge(next, 0.1)), "as much worse as somebody says it may be");
  }

  @Test
  void judge_canaryGoesOnOtherwise_isRefusedWhateverTheBound() {
    List<RuleResult> rules = judge(new BigramBase(Bigrams.foreign()), 100);
    assertEquals(List.of("canary-prompts"), failed(rules), rules::toString);
    assertTrue(rules.get(2).reason().contains("[third]"), rules.get(2)::reason);
  }

  @Test
  void judge_servesOtherwiseThanItTrains_isRefused() {
    assertEquals(
        List.of("train-serve-parity"), failed(judge(new BigramBase(Bigrams.known(), 0.1), 100)));
  }

  @Test
  void judge_saysWhatIsNoNumber_isRefusedWhateverTheBound() {
    List<String> failed = failed(judge(base(p -> Double.NaN), Double.MAX_VALUE));
    assertTrue(
        failed.containsAll(List.of("protected-unharmed", "train-serve-parity")), failed::toString);
  }

  @Test
  void judge_notWantedAnyMore_ends() {
    Runnable unwanted =
        () -> {
          throw new CancellationException("the task ends");
        };
    assertThrows(
        CancellationException.class,
        () -> BaseGate.judge(BEFORE, BEFORE, PROTECTION, 0, CONFIG, unwanted));
  }

  /** Of each base a canary has a token at least. */
  @Test
  void judge_anyBases_asksForEachTokenOfTheCanariesWhetherToGoOn() {
    AtomicInteger asked = new AtomicInteger();
    List<RuleResult> unused =
        BaseGate.judge(BEFORE, BEFORE, PROTECTION, 0, CONFIG, asked::incrementAndGet);
    assertEquals(3 + 2 * CONFIG.canaryTokens(), asked.get());
  }

  @Test
  void changed_threadIsInterrupted_ends() {
    Canaries canaries = new Canaries(BEFORE, PROTECTION.canaries(), 3);
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> canaries.changed(BEFORE.noAdapter()));
    } finally {
      assertTrue(Thread.interrupted());
    }
  }
}
