package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void of_sameSeed_isTheSameSchedule() {
    assertEquals(Schedule.of(3, HOUR, Faults.NAMES), Schedule.of(3, HOUR, Faults.NAMES));
    assertNotEquals(Schedule.of(3, HOUR, Faults.NAMES), Schedule.of(4, HOUR, Faults.NAMES));
  }

  @Test
  void of_anHour_strikesWithEveryFaultBeforeAnyComesAgainAndHealsInTime() {
    List<Strike> strikes = Schedule.of(5, HOUR, Faults.NAMES).strikes();
    int all = Faults.NAMES.size();
    for (int round = 0; round < strikes.size() / all; round++) {
      assertEquals(
          Set.copyOf(Faults.NAMES),
          strikes.subList(round * all, (round + 1) * all).stream()
              .map(Strike::fault)
              .collect(Collectors.toSet()));
    }
    assertTrue(strikes.size() > 400, strikes.size() + " strikes");
    assertTrue(strikes.stream().allMatch(s -> s.atMillis() + s.lastingMillis() <= HOUR.toMillis()));
  }

  @Test
  void documentation_namesEveryFault() throws Exception {
    String page =
        Files.readString(Path.of(System.getProperty("millrace.root"), "docs", "chaos.md"));
    for (String name : Faults.NAMES) {
      assertTrue(page.contains("`" + name + "`"), name);
    }
  }
}
