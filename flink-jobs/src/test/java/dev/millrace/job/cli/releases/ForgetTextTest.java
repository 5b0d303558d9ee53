package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.releases.ForgetCommand.Forgot;
import dev.millrace.job.cli.releases.ForgetPlan.Change;
import dev.millrace.job.cli.releases.ForgetPlan.Pin;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ForgetTextTest {
  private static final Change JAVA =
      new Change(null, "java", Kind.ADAPTER, "r4", "r2", Pin.AFTERWARDS);
  private static final Change STAMPS =
      new Change("t", "stamps", Kind.ALIGNMENT, "", null, Pin.NEVER);

  @Test
  void plan_saysWhereEachDomainGoes() {
    assertEquals(
        List.of(
            "domain java would go back from r4 to r2, and learn again what came after that, and be pinned again",
            "the alignment of domain stamps of tenant t would stay at the base, and drop and bar them"),
        ForgetText.plan(List.of(JAVA, STAMPS), JAVA::equals).lines().toList());
    Change shadows = new Change("t", "java", Kind.ADAPTER, "", null, Pin.NEVER);
    assertEquals(
        "domain java of tenant t would stay at the base, and drop and bar them, and learn again what came after that",
        ForgetText.plan(List.of(shadows), change -> true));
    assertEquals(
        "domain java of tenant t would stay at the base, and drop and bar them",
        ForgetText.plan(List.of(shadows), change -> false));
    assertEquals("no domain knows of them", ForgetText.plan(List.of(), change -> true));
  }

  @Test
  void unknown_clusterWithoutADomain_saysSo() {
    assertEquals(
        "2 ids are neither on the samples' topic nor in a release, such as a: no domain exists yet, so none is told",
        ForgetText.unknown(List.of("a", "b"), 0));
    assertEquals(
        "1 id is neither on the samples' topic nor in a release, such as a: it may wait or judge in any of 3 domains, so all are told",
        ForgetText.unknown(List.of("a"), 3));
  }

  @Test
  void of_idsStayBarred_onlyWhereTheyWereTold() {
    String told = of(List.of(JAVA, STAMPS));
    assertTrue(
        told.contains(
            "where 1 id stays barred:\n    domain java\n    the alignment of domain stamps of tenant t\n"),
        told);
    String toNobody = of(List.of());
    assertFalse(toNobody.contains("stays barred"), toNobody);
  }

  @Test
  void of_whatNoCommandReaches_namesTheTokensThatAreKept() {
    assertTrue(of(List.of()).contains("the tokens of each domain's last texts"));
  }

  /** It listed all four that there are, where the command knew which it was. */
  @Test
  void of_lossNotMeasured_saysTheOneCause() {
    Forgot forgot = new Forgot("java", "r4", null, null, "--models 0");
    String said =
        ForgetText.of(
            Set.of("s"),
            List.of(JAVA),
            List.of(forgot),
            List.of(),
            MillraceConfig.defaults().kafka());
    assertTrue(said.contains("\n  loss     not measured: --models 0\n"), said);
  }

  private static String of(List<Change> told) {
    return ForgetText.of(
        Set.of("s"), told, List.of(), List.of(), MillraceConfig.defaults().kafka());
  }
}
