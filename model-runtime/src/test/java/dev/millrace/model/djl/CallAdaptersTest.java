package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.AbstractList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CallAdaptersTest {

  private static final Site HERE = Site.linear("model.layers.0.self_attn.q_proj", 6, 4);
  private static final Site ELSEWHERE = Site.linear("model.layers.1.self_attn.q_proj", 6, 4);

  private final NDManager memory = NDManager.newBaseManager(Program.ENGINE);

  @AfterEach
  void free() {
    memory.close();
  }

  private PtNDManager scope() {
    return (PtNDManager) memory.newSubManager();
  }

  private static LoraWeights at(Site site) {
    return LoraWeights.initial(new LoraConfig(2, 4, false, List.of("q_proj")), List.of(site), 1);
  }

  @Test
  void of_oneAdapterClosed_holdsNoneOfTheOthers() {
    PtNDManager scope = scope();
    DjlAdapter open = new DjlAdapter(scope, at(HERE), List.of(HERE));
    DjlAdapter closed = new DjlAdapter(scope(), at(HERE), List.of(HERE));
    closed.close();
    assertThrows(IllegalStateException.class, () -> new CallAdapters(List.of(open, closed)));
    assertTrue(scope.isOpen());
    open.close();
    assertFalse(scope.isOpen());
  }

  @Test
  void of_anErrorIsThrown_holdsNoneOfTheOthers() {
    PtNDManager scope = scope();
    DjlAdapter open = new DjlAdapter(scope, at(HERE), List.of(HERE));
    List<LoadedAdapter> breaking =
        new AbstractList<>() {
          @Override
          public LoadedAdapter get(int index) {
            if (index > 0) {
              throw new OutOfMemoryError("made up");
            }
            return open;
          }

          @Override
          public int size() {
            return 2;
          }
        };
    assertThrows(OutOfMemoryError.class, () -> new CallAdapters(breaking));
    open.close();
    assertFalse(scope.isOpen());
  }

  @Test
  void adapter_anErrorIsThrown_leavesNoMemoryBehind() {
    PtNDManager scope = scope();
    InvocationHandler breaking =
        (proxy, method, arguments) -> {
          throw new OutOfMemoryError("made up");
        };
    AdapterWeights broken =
        (AdapterWeights)
            Proxy.newProxyInstance(
                AdapterWeights.class.getClassLoader(),
                new Class<?>[] {AdapterWeights.class},
                breaking);
    assertThrows(OutOfMemoryError.class, () -> new DjlAdapter(scope, broken, List.of(HERE)));
    assertFalse(scope.isOpen());
  }

  @Test
  void adapter_ofAnotherBase_leavesNoMemoryBehind() {
    PtNDManager scope = scope();
    assertThrows(
        IllegalArgumentException.class, () -> new DjlAdapter(scope, at(ELSEWHERE), List.of(HERE)));
    assertFalse(scope.isOpen());
  }
}
