package dev.millrace.adapter.exchange;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What somebody holds for each domain: a value for each training that its next lesson may go on
 * from, by the name of the training.
 */
final class Kept<T> {
  private final Map<String, Map<String, Held<T>>> places = new TreeMap<>();

  private record Held<T>(long lesson, T value) {}

  /** Makes something of a value. */
  interface Of<T, R> {
    R of(String place, String training, long lesson, T value);
  }

  /**
   * A lesson begins: only its own trainings, and the one that it begins from, can be asked for from
   * now on.
   *
   * @param training empty if it begins from none
   */
  void begin(String place, String training, long lesson) {
    Map<String, Held<T>> held = places.get(place);
    if (held != null) {
      held.entrySet().removeIf(e -> !e.getKey().equals(training) && e.getValue().lesson != lesson);
    }
  }

  T get(String place, String training) {
    Map<String, Held<T>> held = places.getOrDefault(place, Map.of());
    Held<T> value = held.get(training);
    if (value == null) {
      throw new IllegalStateException(
          "nothing is kept of training %s of %s, expected one of %s"
              .formatted(training, place, held.keySet()));
    }
    return value.value;
  }

  void keep(String place, String training, long lesson, T value) {
    places
        .computeIfAbsent(place, p -> new LinkedHashMap<>())
        .put(training, new Held<>(lesson, value));
  }

  /** Something of each value, in order. */
  <R> List<R> all(Of<T, R> of) {
    return places.entrySet().stream()
        .flatMap(
            place ->
                place.getValue().entrySet().stream()
                    .map(
                        e ->
                            of.of(
                                place.getKey(),
                                e.getKey(),
                                e.getValue().lesson,
                                e.getValue().value)))
        .toList();
  }
}
