import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Receives webhooks and verifies their signature (Standard Webhooks): SIGNING_SECRET=whsec_… PORT=8080 java Receiver.java */
public final class Receiver {
  private static final byte[] KEY =
      Base64.getDecoder().decode(System.getenv("SIGNING_SECRET").replaceFirst("^whsec_", ""));
  /** Older ones may have been recorded and sent again by somebody else. Every attempt is signed anew. */
  private static final long TOLERANCE_SECONDS = 300;
  private static final int MOST_BYTES = 256 * 1024;

  /** Ids of webhooks that were dealt with; in a real receiver a unique column of its database. */
  private static final Set<String> KNOWN = ConcurrentHashMap.newKeySet();

  /** The body is bytes: parsed and written again, it would no longer be what was signed. */
  private static boolean isGenuine(Headers headers, byte[] body, long nowSeconds) throws GeneralSecurityException {
    String id = first(headers, "webhook-id");
    String timestamp = first(headers, "webhook-timestamp");
    if (!timestamp.matches("[0-9]{1,12}")) return false;
    if (Math.abs(nowSeconds - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) return false;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
    mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
    byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
    // During a rotation there are several, and one that fits is enough.
    boolean fits = false;
    for (String given : first(headers, "webhook-signature").split(" ")) {
      fits |= MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), expected);
    }
    return fits;
  }

  private static String first(Headers headers, String name) {
    return Optional.ofNullable(headers.getFirst(name)).orElse("");
  }

  private static int receive(HttpExchange exchange) throws IOException, GeneralSecurityException {
    byte[] body = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
    if (body.length > MOST_BYTES) return 413;
    if (!isGenuine(exchange.getRequestHeaders(), body, System.currentTimeMillis() / 1000)) return 401;
    String id = first(exchange.getRequestHeaders(), "webhook-id");
    // The same webhook may come twice. It is answered as the first time, and nothing is done again.
    if (KNOWN.add(id)) System.out.println(id + " " + new String(body, StandardCharsets.UTF_8));
    return 204;
  }

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(Optional.ofNullable(System.getenv("PORT")).orElse("8080"));
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(receive(exchange), -1);
          } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
          }
        });
    server.start();
    System.out.println("ready");
  }
}
