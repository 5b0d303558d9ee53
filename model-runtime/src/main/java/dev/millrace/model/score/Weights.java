package dev.millrace.model.score;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who is preferred, in numbers as text; 1 where nothing is said.
 *
 * @param source factors on Q(x), by source
 * @param domain factors on the accept rate, by domain
 */
public record Weights(Map<String, String> source, Map<String, String> domain)
    implements Serializable {

  public Weights {
    source = checked("source", source);
    domain = checked("domain", domain);
  }

  public static Weights none() {
    return new Weights(Map.of(), Map.of());
  }

  double ofSource(String name) {
    return Double.parseDouble(source.getOrDefault(name, "1"));
  }

  double ofDomain(String name) {
    return Double.parseDouble(domain.getOrDefault(name, "1"));
  }

  private static TreeMap<String, String> checked(String kind, Map<String, String> weights) {
    weights.forEach(
        (name, weight) -> {
          if (!weight.matches("\\d+(\\.\\d+)?")) {
            throw new IllegalArgumentException(
                "weight of %s %s is \"%s\", expected a number from 0 on"
                    .formatted(kind, name, weight));
          }
        });
    return new TreeMap<>(weights);
  }
}
