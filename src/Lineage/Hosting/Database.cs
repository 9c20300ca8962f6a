using Lineage.Contracts.Api;
using Lineage.Store;
using Npgsql;

namespace Lineage.Hosting;

/// <summary>Opens the database and says plainly when it cannot be used.</summary>
static class Database
{
    /// <summary>What holds for every session of ours, whatever a configuration, a role or a database says: what is acknowledged is on
    /// disk.</summary>
    const string Session = "-c idle_in_transaction_session_timeout=30s -c synchronous_commit=on";

    public static async Task<NpgsqlDataSource> OpenAsync(string connectionString, CancellationToken ct)
    {
        NpgsqlDataSource? source = null;
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString)
            {
                ApplicationName = "lineage",
                Timeout = 5,
                CommandTimeout = 30,
                KeepAlive = 15,
                MaxPoolSize = 40,
                Options = Session,
            };
            source = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "lineage" }.Build();   // the name that metrics show
            await using var connection = await source.OpenConnectionAsync(ct);
            if (connection.PostgreSqlVersion.Major < PostgresBinaries.MajorMin)
                throw Failure.Of(
                    ProblemCodes.PostgresTooOld, 503, "PostgreSQL is too old",
                    $"The given PostgreSQL is version {connection.PostgreSqlVersion}; {PostgresBinaries.MajorMin} or newer is needed. " +
                    "Nothing was written. Name a newer one with LINEAGE_POSTGRES.");
            return source;
        }
        catch (ArgumentException e)
        {
            throw Failure.Of(
                ProblemCodes.BadRequest, 400, "The connection string cannot be read",
                "The connection string is not of the form Host=…;Port=…;Database=…;Username=…;Password=…. The server was not started. " +
                "Correct LINEAGE_POSTGRES.", e);
        }
        catch (Exception e) when (e is NpgsqlException or System.Net.Sockets.SocketException)
        {
            if (source is not null) await source.DisposeAsync();
            throw Failure.Of(
                ProblemCodes.DatabaseUnreachable, 503, "The given PostgreSQL does not answer",
                $"The given PostgreSQL cannot be used: {e.Message} The server was not started. Correct LINEAGE_POSTGRES, or leave it " +
                "out for a private database.", e);
        }
    }

    public static async Task<string> VersionAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return connection.PostgreSqlVersion.ToString();
    }
}
