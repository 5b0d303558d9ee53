package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.runtime.metrics.ReporterSetupBuilder;
import org.apache.flink.runtime.metrics.filter.DefaultReporterFilters;
import org.apache.flink.runtime.rpc.RpcSystem;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkProcessesTest {

  @TempDir Path folder;

  @Test
  void commands_ofBoth_giveThePekkoOfABusyMachineItsTime() {
    FlinkProcesses flink = FlinkProcesses.of(folder, 1, 2, ClusterShape.defaults());
    assertTrue(flink.jobManager(folder, 3).contains(FlinkProcesses.PATIENCE));
    assertTrue(flink.taskManager(folder, "taskmanager-1", 4).contains(FlinkProcesses.PATIENCE));
  }

  /** They lay in a second folder, whose name was the escaped one. */
  @Test
  void options_homeWithASpaceInItsName_areOfThatFolderForFlink() {
    Path home = folder.resolve("a 100% home");
    Map<String, String> options =
        FlinkProcesses.of(home, 1, 2, ClusterShape.defaults()).keptBy(5, home).options();
    for (String key :
        List.of(
            "execution.checkpointing.dir",
            "execution.checkpointing.savepoint-dir",
            "high-availability.storageDir")) {
      var read = new org.apache.flink.core.fs.Path(options.get(key));
      assertEquals(home, Path.of(read.getPath()).getParent(), key);
    }
  }

  /** After an hour nobody knew any more that a job had refused its state. */
  @Test
  void options_jobThatHasEnded_isKnownForAWeek() {
    var flink =
        Configuration.fromMap(FlinkProcesses.of(folder, 1, 2, ClusterShape.defaults()).options());
    assertEquals(
        Duration.ofDays(7).toSeconds(), flink.get(JobManagerOptions.JOB_STORE_EXPIRATION_TIME));
    assertEquals(1_000, flink.get(JobManagerOptions.JOB_STORE_MAX_CAPACITY));
  }

  /** As docs/security.md has it for a machine whose ports others reach. */
  @Test
  void options_reporterWithoutItsFactory_isNone() {
    Map<String, String> none = Map.of("metrics.reporter.prometheus.factory.class", "");
    assertEquals(1, reporters(Map.of()));
    assertEquals(0, reporters(none));
  }

  private int reporters(Map<String, String> options) {
    ClusterShape shape = new ClusterShape(1, 1, false, null, options, null, Clocks.real());
    Map<String, String> flink = new HashMap<>(FlinkProcesses.of(folder, 1, 2, shape).options());
    flink.put("metrics.reporter.prometheus.port", "0");
    return ReporterSetupBuilder.METRIC_SETUP_BUILDER
        .fromConfiguration(
            Configuration.fromMap(flink), DefaultReporterFilters::metricsFromConfiguration, null)
        .size();
  }

  /** Of Flink's own only its scripts read them. */
  @Test
  void commands_ofBoth_haveJavasOptionsAndTheAgentBesideThem() {
    Map<String, String> options =
        Map.of(
            "env.java.opts.all", "-Da=1  -Db=2",
            "env.java.opts.jobmanager", "-Dc=3",
            "env.java.default-opts.taskmanager", "--add-modules java.sql",
            "env.java.opts.taskmanager", "-Dd=4");
    Path base = folder.resolve("a base");
    ClusterShape shape = new ClusterShape(1, 1, false, null, options, base, Clocks.real());
    FlinkProcesses flink = FlinkProcesses.of(folder, 1, 2, shape).keptBy(5, folder);
    assertEquals(List.of("-Da=1", "-Db=2", "-Dc=3"), given(flink.jobManager(folder, 3)));
    List<String> taskManager = flink.taskManager(folder, "taskmanager-1", 4);
    assertEquals(
        List.of("-Da=1", "-Db=2", "--add-modules", "java.sql", "-Dd=4"), given(taskManager));
    Path agent = folder.resolve("lib").resolve(ClusterLib.WARM_UP);
    assertTrue(taskManager.contains("-javaagent:" + agent + "=" + base), taskManager::toString);
  }

  private static List<String> given(List<String> command) {
    return command.stream()
        .filter(word -> word.matches("-D[abcd]=\\d|--add-modules|java\\.sql"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rest.port",
        "rest.bind-port",
        "metrics.reporter.prometheus.port",
        "taskmanager.data.port",
        "taskmanager.data.bind-port",
        "taskmanager.resource-id"
      })
  void shape_whatEachProcessHasForItself_isRefusedByName(String key) {
    Map<String, String> options = Map.of(key, "8081");
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new ClusterShape(1, 1, false, null, options, null, Clocks.real()));
    assertTrue(e.getMessage().startsWith("--flink " + key + "=8081, expected none"), e::getMessage);
  }

  /** Which does not read what Flink hands its own key on as. */
  @Test
  void patience_ofNothing_isReadAndRefusedByPekko() throws Exception {
    String key = FlinkProcesses.PATIENCE.substring(2, FlinkProcesses.PATIENCE.indexOf('='));
    System.setProperty(key, "0s");
    try (RpcSystem rpc = RpcSystem.load(new Configuration())) {
      Exception e =
          assertThrows(
              Exception.class,
              () ->
                  rpc.remoteServiceBuilder(new Configuration(), "127.0.0.1", "0")
                      .withBindAddress("127.0.0.1")
                      .createAndStart());
      String said = ExceptionUtils.stringifyException(e);
      assertTrue(said.contains("startup-timeout must be > 0"), said);
    } finally {
      System.clearProperty(key);
    }
  }
}
