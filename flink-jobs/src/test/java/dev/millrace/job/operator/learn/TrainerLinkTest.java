package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.train.Governor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.flink.runtime.mailbox.SyncMailboxExecutor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A learn subtask's rounds, whose reports come as they please. */
@Timeout(60)
class TrainerLinkTest {

  private final List<Order> sent = new ArrayList<>();
  private Consumer<Order> network = order -> {};

  private TrainerLink link(long patienceMillis) {
    return new TrainerLink(
        new SyncMailboxExecutor(),
        3,
        4,
        patienceMillis,
        order -> {
          sent.add(order);
          network.accept(order);
        });
  }

  private static List<Order> orders(Call call, int round) {
    return IntStream.range(0, 2)
        .mapToObj(p -> new Order(call, round, "/cloud", p, null, new byte[0], round, round + 1, ""))
        .toList();
  }

  private static Report report(Call call, int round, int process) {
    return new Report(call, round, process, new byte[] {(byte) process}, List.of());
  }

  @Test
  void round_reportsOfOtherCallsAndRoundsBetween_givesItsOwnInTheOrderOfProcesses() {
    TrainerLink link = link(60_000);
    Call given = link.next();
    Call call = link.next();
    assertEquals(new Call(3, 1), given);
    assertEquals(4, link.learners());
    network =
        order -> {
          if (order.process() == 1) {
            link.deliver(report(given, 1, 0)); // its lesson was given up
            link.deliver(report(call, 1, 1));
            link.deliver(report(call, 0, 0));
            link.deliver(report(given, 1, 1));
            link.deliver(report(call, 1, 0));
          }
        };
    List<Report> reports = link.round(orders(call, 1), Governor.none());
    assertEquals(List.of(0, 1), sent.stream().map(Order::process).toList());
    assertEquals(List.of(0, 1), reports.stream().map(Report::process).toList());
    assertTrue(reports.stream().allMatch(r -> r.call().equals(call) && r.round() == 1));
  }

  @Test
  void round_aProcessThatSaysNothing_failsAndNamesIt() {
    TrainerLink link = link(50);
    Call call = link.next();
    network =
        order -> {
          if (order.process() == 0) {
            link.deliver(report(call, 0, 0));
          }
        };
    IllegalStateException late =
        assertThrows(
            IllegalStateException.class, () -> link.round(orders(call, 0), Governor.none()));
    assertTrue(late.getMessage().contains("processes [1] in round 0"), late.getMessage());
  }

  @Test
  void round_patienceWithoutEnd_waitsForWhatComesLater() {
    TrainerLink link = link(Long.MAX_VALUE);
    Call given = link.next();
    Call call = link.next();
    network =
        order -> {
          link.deliver(report(given, 0, order.process()));
          link.deliver(report(call, 0, order.process()));
        };
    assertEquals(
        List.of(call, call),
        link.round(orders(call, 0), Governor.none()).stream().map(Report::call).toList());
  }

  @Test
  void round_governorGivesUp_isCancelledAndTheNextIsNotDisturbed() {
    TrainerLink link = link(60_000);
    Call first = link.next();
    assertThrows(CancellationException.class, () -> link.round(orders(first, 0), () -> false));
    Call second = link.next();
    network =
        order -> {
          link.deliver(report(first, 0, order.process()));
          link.deliver(report(second, 0, order.process()));
        };
    assertEquals(
        List.of(second, second),
        link.round(orders(second, 0), Governor.none()).stream().map(Report::call).toList());
  }

  /** Each round of a lesson over a slow link was waited for, also the one that says nothing. */
  @Test
  void end_nobodyReports_returnsAndTheNextLessonIsNotDisturbedByLateReports() {
    TrainerLink link = link(60_000);
    Call ended = link.next();
    link.end(orders(ended, 2));
    assertEquals(List.of(0, 1), sent.stream().map(Order::process).toList());
    Call call = link.next();
    network =
        order -> {
          link.deliver(report(ended, 2, order.process()));
          link.deliver(report(call, 0, order.process()));
        };
    assertEquals(
        List.of(call, call),
        link.round(orders(call, 0), Governor.none()).stream().map(Report::call).toList());
  }
}
