package dev.millrace.job.bench.learn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What was known of each domain after each step of a course (Lopez-Paz and Ranzato, GEM, NIPS 2017;
 * Chaudhry et al., ECCV 2018), in bits per byte, so that less is better.
 *
 * @param visited (steps): the domain that each step taught
 * @param base (domains): before the course
 * @param bits (steps, domains): after each step
 */
record Retention(List<Integer> visited, double[] base, List<double[]> bits) {

  static Retention begin(double[] base) {
    return new Retention(List.of(), base, List.of());
  }

  Retention after(int domain, double[] measured) {
    List<Integer> steps = new ArrayList<>(visited);
    List<double[]> rows = new ArrayList<>(bits);
    steps.add(domain);
    rows.add(measured);
    return new Retention(List.copyOf(steps), base, List.copyOf(rows));
  }

  double[] last() {
    return bits.isEmpty() ? base : bits.get(bits.size() - 1);
  }

  /** Mean bits per byte over the domains at the end. */
  double average() {
    return mean(domain -> last()[domain]);
  }

  /** Bits per byte gained on the base, mean over the domains, at the end. */
  double gain() {
    return mean(domain -> base[domain] - last()[domain]);
  }

  /** Mean share by which a domain is better at the end than when it was last taught. */
  double backwardTransfer() {
    return mean(
        domain -> {
          double taught = bits.get(visited.lastIndexOf(domain))[domain];
          return (taught - last()[domain]) / taught;
        });
  }

  /** Mean share by which a domain is better than the base just before it is first taught. */
  double forwardTransfer() {
    return mean(
        domain -> {
          int first = visited.indexOf(domain);
          double before = first == 0 ? base[domain] : bits.get(first - 1)[domain];
          return (base[domain] - before) / base[domain];
        });
  }

  /** Share by which a domain is worse at the end than at its best since it was first taught. */
  double forgetting(int domain) {
    double best =
        bits.subList(visited.indexOf(domain), bits.size()).stream()
            .mapToDouble(row -> row[domain])
            .min()
            .orElseThrow();
    return last()[domain] / best - 1;
  }

  /** The domain that forgot most. */
  int worst() {
    int worst = 0;
    for (int domain = 1; domain < base.length; domain++) {
      worst = forgetting(domain) > forgetting(worst) ? domain : worst;
    }
    return worst;
  }

  private double mean(IntToDoubleFunction of) {
    return IntStream.range(0, base.length).mapToDouble(of).average().orElseThrow();
  }
}
