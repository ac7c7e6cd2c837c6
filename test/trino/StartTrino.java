/** Trino's server with the given version; its own main class is not published as a library. */
public final class StartTrino {
    public static void main(String[] arguments) {
        new io.trino.server.Server().start(arguments[0]);
    }
}
