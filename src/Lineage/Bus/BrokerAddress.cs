using Lineage.Contracts.Api;
using Lineage.Store;

namespace Lineage.Bus;

/// <summary>Address of a RabbitMQ broker with its credentials. The credentials never leave this type except into the client.</summary>
public sealed class BrokerAddress
{
    readonly Uri uri;

    BrokerAddress(Uri uri) => this.uri = uri;

    /// <summary>Without credentials: for logs, answers and people.</summary>
    public string Shown => $"{uri.Scheme}://{uri.Host}:{Port}{uri.AbsolutePath}";

    internal Uri Host => new UriBuilder(uri)
    {
        UserName = "",
        Password = "",
        Scheme = uri.Scheme is "amqps" ? "rabbitmqs" : "rabbitmq",
        Port = Port,
    }.Uri;

    /// <summary>As the plain AMQP client takes it, with credentials: never shown.</summary>
    internal Uri Plain => uri;

    internal string UserName => Part(0) ?? "guest";

    internal string Password => Part(1) ?? "guest";

    int Port => uri.Port > 0 ? uri.Port : uri.Scheme is "amqps" ? 5671 : 5672;

    /// <param name="text"><c>amqp://user:password@host:5672/vhost</c>, or <c>file:///path</c> of a file that holds such a line.</param>
    /// <exception cref="LineageProblemException">bad-request: the text is no such address. The text itself is not repeated, because it may
    /// hold a password.</exception>
    public static BrokerAddress Parse(string text)
    {
        if (text.StartsWith("file://", StringComparison.Ordinal)) text = File.ReadAllText(new Uri(text).LocalPath).Trim();
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && uri!.Host.Length > 0
            ? new BrokerAddress(uri)
            : throw Failure.Of(
                ProblemCodes.BadRequest, 400, "The broker address cannot be read",
                "The broker address is not of the form amqp://user:password@host:5672/vhost (or file:///path of a file that holds it). " +
                "The server was not started. Correct --broker or LINEAGE_BROKER, or leave it out to carry messages in this process.");
    }

    public override string ToString() => Shown;

    string? Part(int index) => uri.UserInfo.Split(':', 2) is { } parts && index < parts.Length && parts[index].Length > 0
        ? Uri.UnescapeDataString(parts[index]) : null;
}
