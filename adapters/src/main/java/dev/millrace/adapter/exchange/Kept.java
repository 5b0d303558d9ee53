package dev.millrace.adapter.exchange;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What is held of each place's last lesson, by name: where it began, and where each training of it
 * led. Trainers hold states so. Who leads them holds, by the same rule, what they hold, never more:
 * where it cannot tell it forgets, and the state is sent again.
 */
final class Kept<T> {
  private final Map<String, Map<String, Held<T>>> places = new LinkedHashMap<>(16, 0.75f, true);

  private record Held<T>(long lesson, T value) {}

  /** Begins a training of a lesson: all but its beginning and what the lesson led to goes. */
  void begin(String place, String from, long lesson) {
    Map<String, Held<T>> held = places.get(place);
    if (held != null) {
      held.entrySet().removeIf(e -> !e.getKey().equals(from) && e.getValue().lesson != lesson);
    }
  }

  @Nullable T get(String place, String name) {
    Held<T> value = places.getOrDefault(place, Map.of()).get(name);
    return value == null ? null : value.value;
  }

  void keep(String place, String name, long lesson, T value) {
    places.computeIfAbsent(place, p -> new HashMap<>()).put(name, new Held<>(lesson, value));
  }

  void forget(String place) {
    places.remove(place);
  }

  /**
   * The places that were asked for longest ago, where there are more than so many, or all that is
   * held of them is more than there is room for; never the last one.
   */
  List<String> beyond(int most, long room, ToLongFunction<T> size) {
    List<String> beyond = new ArrayList<>();
    long sum = places.values().stream().mapToLong(held -> size(held, size)).sum();
    for (Map.Entry<String, Map<String, Held<T>>> place : places.entrySet()) {
      int left = places.size() - beyond.size();
      if (left == 1 || (left <= most && sum <= room)) {
        break;
      }
      beyond.add(place.getKey());
      sum -= size(place.getValue(), size);
    }
    return beyond;
  }

  private static <T> long size(Map<String, Held<T>> held, ToLongFunction<T> size) {
    return held.values().stream().mapToLong(one -> size.applyAsLong(one.value)).sum();
  }

  int size() {
    return places.values().stream().mapToInt(Map::size).sum();
  }
}
