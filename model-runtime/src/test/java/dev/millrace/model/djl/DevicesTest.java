package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.ProgramSource;
import org.junit.jupiter.api.Test;

class DevicesTest {

  @Test
  void resolve_auto_takesWhatThereIs() {
    assertEquals("gpu", Devices.resolve("auto", ""));
    assertEquals("cpu", Devices.resolve("auto", "something is missing"));
    assertEquals("cpu", Devices.resolve("cpu", ""));
  }

  @Test
  void resolve_gpuThatIsNotThere_saysWhatIsMissing() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Devices.resolve("gpu", "no CUDA device is visible"));
    assertEquals("device gpu, but no CUDA device is visible; see docs/gpu.md", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Devices.resolve("tpu", ""));
  }

  @Test
  void resolve_onThisMachine_agreesWithWhatIsMissing() {
    assertEquals(Devices.missing().isEmpty() ? "gpu" : "cpu", Devices.resolve("auto"));
  }

  @Test
  void placement_ofAProgramsSource_namesTheDeviceInEveryFactoryCall() {
    String source =
        """
        x = torch.zeros([n, f(k)], dtype=6)
        y = torch.add(torch.arange(3), x)
        """;
    assertEquals(source, Placement.of(Device.cpu(), source));
    assertEquals(
        """
        x = torch.zeros([n, f(k)], dtype=6, device=torch.device("cuda:0"))
        y = torch.add(torch.arange(3, device=torch.device("cuda:0")), x)
        """,
        Placement.of(Device.gpu(), source));
  }

  @Test
  void placement_onTheCpuByName_isAProgramThatCompiles() {
    MoeConfig config = MoeConfig.olmoe(new MoeConfig.OlmoeShape(64, 16, 8, 2, 2, 4, 2, 32));
    String placed = Placement.named("cpu", ProgramSource.float32(config, new Layout(config)));
    assertTrue(placed.contains("device=torch.device(\"cpu\")"));
    Program.compile(placed).close();
  }
}
