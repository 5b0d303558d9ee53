package dev.millrace.job.bench.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Contestants that took turns: lap i of each belongs to the same round. */
public final class Race {

  private final Map<String, double[]> rates = new LinkedHashMap<>();
  private final Map<String, double[]> cpuRates = new LinkedHashMap<>();

  private Race(List<? extends Contestant> contestants, List<Lap[]> laps) {
    for (int i = 0; i < laps.size(); i++) {
      String name = contestants.get(i).name();
      rates.put(name, each(laps.get(i), lap -> lap.units() / lap.seconds()));
      cpuRates.put(name, each(laps.get(i), lap -> lap.units() / Math.max(lap.cpuSeconds(), 1e-9)));
    }
  }

  private static double[] each(Lap[] laps, ToDoubleFunction<Lap> figure) {
    double[] figures = new double[laps.length];
    for (int i = 0; i < laps.length; i++) {
      figures[i] = figure.applyAsDouble(laps[i]);
    }
    return figures;
  }

  /** Warms everyone up by one lap, then runs the rounds, each beginning with another contestant. */
  public static Race run(int rounds, List<? extends Contestant> contestants) throws Exception {
    List<Lap[]> laps = new ArrayList<>();
    for (Contestant contestant : contestants) {
      contestant.lap();
      laps.add(new Lap[rounds]);
    }
    for (int round = 0; round < rounds; round++) {
      for (int turn = 0; turn < contestants.size(); turn++) {
        int next = (round + turn) % contestants.size();
        laps.get(next)[round] = contestants.get(next).lap();
      }
    }
    return new Race(contestants, laps);
  }

  /** Median units a second. */
  public double rate(String name) {
    return Estimate.of(figures(rates, name)).median();
  }

  /** Median units a second of processor time. */
  public double cpuRate(String name) {
    return Estimate.of(figures(cpuRates, name)).median();
  }

  /** How many times as fast the one is as the other: the median over the rounds. */
  public Estimate ratio(String one, String other) {
    return Estimate.ofRatios(figures(rates, one), figures(rates, other));
  }

  /** The same by processor time, which other processes change less. */
  public Estimate cpuRatio(String one, String other) {
    return Estimate.ofRatios(figures(cpuRates, one), figures(cpuRates, other));
  }

  private static double[] figures(Map<String, double[]> all, String name) {
    double[] figures = all.get(name);
    if (figures == null) {
      throw new IllegalArgumentException(name + ", expected one of " + all.keySet());
    }
    return figures;
  }
}
