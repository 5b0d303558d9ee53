package dev.millrace.job.bench.serve;

import java.util.Map;

/** Settings under which every finite candidate is released, better or not. */
public final class OpenGate {

  public static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("learn.train.anchorWeight", "0"),
          Map.entry("learn.watch.samples", "0"),
          Map.entry("learn.gate.minHeldOutSamples", "0"),
          Map.entry("learn.gate.minHeldOutTokens", "0"),
          Map.entry("learn.gate.minGain", "-10"),
          Map.entry("learn.gate.level", "0"),
          Map.entry("learn.gate.resamples", "10"),
          Map.entry("learn.gate.protectedBound", "10"),
          Map.entry("learn.gate.worstProtectedBound", "10"),
          Map.entry("learn.gate.protectedSamples", "1"),
          Map.entry("learn.gate.parityBound", "10"),
          Map.entry("learn.gate.paritySamples", "1"),
          Map.entry("learn.gate.minRoutingAgreement", "0"),
          Map.entry("learn.gate.canaryTokens", "0"),
          Map.entry("learn.gate.explosion", "100"),
          Map.entry("learn.gate.changeBound", "100"),
          Map.entry("learn.gate.lesson.texts", "0"));

  private OpenGate() {}
}
