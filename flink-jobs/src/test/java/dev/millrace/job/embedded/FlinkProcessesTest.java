package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.rpc.RpcSystem;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlinkProcessesTest {

  @TempDir Path folder;

  @Test
  void commands_ofBoth_giveThePekkoOfABusyMachineItsTime() {
    FlinkProcesses flink = FlinkProcesses.of(folder, 1, 2, ClusterShape.defaults());
    assertTrue(flink.jobManager(folder, 3).contains(FlinkProcesses.PATIENCE));
    assertTrue(flink.taskManager(folder, "taskmanager-1", 4).contains(FlinkProcesses.PATIENCE));
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
