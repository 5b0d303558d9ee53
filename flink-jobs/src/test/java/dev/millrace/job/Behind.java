package dev.millrace.job;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Sees what comes of each call of something, and may put another thing in its place, or throw. */
public final class Behind {

  private Behind() {}

  /**
   * The same, each of whose calls is seen.
   *
   * @param seen gets the name of the method and what came of it
   */
  public static <T> T calls(
      Class<T> type, T real, BiFunction<String, @Nullable Object, @Nullable Object> seen) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return seen.apply(method.getName(), method.invoke(real, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
