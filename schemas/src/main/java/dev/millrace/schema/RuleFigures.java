package dev.millrace.schema;

import java.util.Map;
import java.util.TreeMap;

/** Names of figures that come many at a time. */
public final class RuleFigures {

  private static final String EXPERT = "expert.";

  private RuleFigures() {}

  /** Which part of the choices of the last sparse layer fell on an expert. */
  public static String expert(int number) {
    return EXPERT + number;
  }

  /** These parts, by expert; empty where a verdict has none. */
  public static double[] experts(Map<String, Double> figures) {
    double[] shares =
        new double[(int) figures.keySet().stream().filter(key -> key.startsWith(EXPERT)).count()];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = figures.getOrDefault(expert(i), 0.0);
    }
    return shares;
  }

  /** The others: what is told on one line. */
  public static Map<String, Double> single(Map<String, Double> figures) {
    Map<String, Double> single = new TreeMap<>(figures);
    single.keySet().removeIf(key -> key.startsWith(EXPERT));
    return single;
  }
}
