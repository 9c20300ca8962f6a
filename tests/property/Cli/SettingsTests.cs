using Lineage.Cli.Configuration;

namespace Lineage.Tests.Property.Cli;

public class SettingsTests
{
    static readonly Dictionary<string, string> None = new(StringComparer.Ordinal);

    [Fact]
    public void A_flag_wins_over_environment_project_file_user_file_recorded_server_and_default()
    {
        (string Value, string Origin)[] layers =
        [
            ("http://flag", "--server"), ("http://env", "LINEAGE_SERVER"), ("http://project", "/p/.lineage.json"),
            ("http://user", "/u/config.json"), ("http://recorded", "/state/server.json"), (Settings.DefaultServer, "default"),
        ];
        for (var from = 0; from < layers.Length; from++)
        {
            var resolved = Resolve(from)[Settings.Server];
            Assert.Equal(layers[from], (resolved.Value!, resolved.Origin));
        }
    }

    static Settings Resolve(int from) => Settings.Resolve(
        from <= 0 ? new Dictionary<string, string>(StringComparer.Ordinal) { [Settings.Server] = "http://flag" } : None,
        name => from <= 1 && name is "LINEAGE_SERVER" ? "http://env" : null,
        [
            SettingsFile.Parse("/p/.lineage.json", from <= 2 ? """{"server": "http://project"}""" : "{}"),
            SettingsFile.Parse("/u/config.json", from <= 3 ? """{"server": "http://user"}""" : "{}"),
        ],
        "/state", _ => from <= 4 ? "http://recorded" : null);

    [Fact]
    public void The_store_lies_in_the_state_directory_unless_something_sets_it()
    {
        var settings = Settings.Resolve(None, name => name is "LINEAGE_STATE" ? "/elsewhere" : null, [], "/state", _ => null);
        Assert.Equal("/elsewhere/store", settings[Settings.Store].Value);
    }

    [Fact]
    public void An_empty_variable_counts_as_unset() =>
        Assert.Equal("/state", Settings.Resolve(None, static _ => "", [], "/state", _ => null)[Settings.State].Value);

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("{\"servr\": \"x\"}", "servr")]
    [InlineData("{\"server\": 1}", "string")]
    [InlineData("{", "JSON")]
    public void A_settings_file_that_says_nonsense_is_refused_with_the_place(string json, string says)
    {
        var refusal = Assert.Throws<FormatException>(() => SettingsFile.Parse("/p/.lineage.json", json));
        Assert.Contains("/p/.lineage.json", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_may_be_named_by_its_file_and_the_value_itself_wins()
    {
        var both = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LINEAGE_BROKER"] = "amqp://a",
            ["LINEAGE_BROKER_FILE"] = "/b",
        };
        Assert.Equal("amqp://a", Settings.Resolve(None, both.GetValueOrDefault, [], "/state", _ => null)[Settings.Broker].Value);
        both.Remove("LINEAGE_BROKER");
        Assert.Equal("file:///b", Settings.Resolve(None, both.GetValueOrDefault, [], "/state", _ => null)[Settings.Broker].Value);
        Assert.Equal(
            Settings.DefaultServer,
            Settings.Resolve(None, static name => name is "LINEAGE_SERVER_FILE" ? "/b" : null, [], "/state", _ =>
                null)[Settings.Server].Value);
    }
}
