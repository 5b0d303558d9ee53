package dev.millrace.adapter.exchange;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** The places that were asked for longest ago, where there are more than so many. */
  List<String> beyond(int most) {
    return places.keySet().stream().limit(Math.max(0, places.size() - most)).toList();
  }

  int size() {
    return places.values().stream().mapToInt(Map::size).sum();
  }
}
