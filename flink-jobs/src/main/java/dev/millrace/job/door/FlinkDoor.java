package dev.millrace.job.door;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.buffer.ByteBuf;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.Channel;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInitializer;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Keeps other sites' pages out of Flink's REST interface, where whoever calls runs code. Flink
 * takes jobs from any page, and finds this as a service in its {@code lib/}. Where it listens on
 * loopback alone, a name that was made to lead here is refused too.
 */
public final class FlinkDoor implements InboundChannelHandlerFactory {

  /** What is shown of a header: nothing that JSON writes otherwise. */
  private static final String UNSHOWN = "[^\\w .:/\\[\\]-]";

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Optional<ChannelHandler> createHandler(
      Configuration configuration, Map<String, String> responseHeaders) {
    boolean loopback = isLoopback(configuration.get(RestOptions.BIND_ADDRESS));
    return Optional.of(
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            String codec = channel.pipeline().context(HttpServerCodec.class).name();
            channel.pipeline().addAfter(codec, null, new Guard(loopback)); // before it stores files
          }
        });
  }

  private static boolean isLoopback(@Nullable String bound) {
    try {
      return bound != null && InetAddress.getByName(bound).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false; // Flink says so when it binds
    }
  }

  /** Why a call is not let in; null if it is. */
  private static @Nullable String problem(HttpRequest request, boolean loopback) {
    String host = request.headers().get(HttpHeaderNames.HOST);
    if (loopback && !OtherSites.isLoopback(host)) {
      return "Host is %s, expected localhost or 127.0.0.1: rest.bind-address is loopback"
          .formatted(shown(String.valueOf(host)));
    }
    String sign = OtherSites.sign(request.method().name(), request.headers()::get);
    return sign == null
        ? null
        : "%s, expected a page of %s: no other site's page may call"
            .formatted(shown(sign), shown(String.valueOf(host)));
  }

  private static String shown(String text) {
    return text.replaceAll(UNSHOWN, "'");
  }

  /** The first handler that sees a call; one that is refused goes no further. */
  private static final class Guard extends ChannelInboundHandlerAdapter {

    private final boolean loopback;
    private boolean refused;

    Guard(boolean loopback) {
      this.loopback = loopback;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      String problem =
          !refused && message instanceof HttpRequest request ? problem(request, loopback) : null;
      if (problem != null) {
        refused = true;
        var unused =
            context.writeAndFlush(refusal(problem)).addListener(ChannelFutureListener.CLOSE);
      }
      if (refused) {
        ReferenceCountUtil.release(message);
      } else {
        context.fireChannelRead(message);
      }
    }

    /** As Flink tells its errors. */
    private static FullHttpResponse refusal(String problem) {
      ByteBuf body = Unpooled.copiedBuffer("{\"errors\":[\"" + problem + "\"]}", UTF_8);
      FullHttpResponse response =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.FORBIDDEN, body);
      response
          .headers()
          .set(HttpHeaderNames.CONTENT_TYPE, "application/json; charset=UTF-8")
          .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
          .set(HttpHeaderNames.CONNECTION, "close");
      return response;
    }
  }
}
