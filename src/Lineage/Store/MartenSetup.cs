using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Lineage.Bus;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Upcasting;
using Marten;
using Marten.Services.Json.Transformations.SystemTextJson;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// How events and rows are kept in PostgreSQL. Everything that reads them (the chaos judge, auditors) may rely on the names here.
/// </summary>
public static class MartenSetup
{
    public const string Schema = "lineage";

    /// <summary>
    /// Header of every event: SHA-256 of the canonical JSON of its body, taken at append, because jsonb reorders what it stores.
    /// </summary>
    public const string DigestHeader = "digest";

    /// <summary>Header of every event: its link in the hash chain of its stream (<see cref="EventChain"/>).</summary>
    public const string LinkHeader = "link";

    /// <summary>Headers of every event: who did it, and which command or message it came from.</summary>
    public const string ActorHeader = "actor", CommandHeader = "command";

    public static StoreOptions Configure(StoreOptions options, NpgsqlDataSource database, TimeProvider clock, EventReader? reader = null)
    {
        options.Connection(database);
        options.DatabaseSchemaName = Schema;
        options.AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate;
        options.UseSystemTextJsonForSerialization(configure: ContractJson.Configure);
        ConfigureEvents(options, clock);
        foreach (var upcast in (reader ?? EventReader.Today).Upcasts)
            options.Events.Upcast(upcast.Current, upcast.Name, JsonTransformations.Upcast(body => upcast.Read(body.RootElement)));
        options.Schema.For<RunRow>().DocumentAlias("run").Duplicate(static r => r.RunName).Duplicate(static r => r.OriginRun!)
            .Duplicate(static r => r.Lease);
        options.Schema.For<CheckpointRow>().DocumentAlias("checkpoint")
            .Duplicate(static r => r.RunName).Duplicate(static r => r.Generation).Duplicate(static r => r.Step)
            .Duplicate(static r => r.Phase)
            .IgnoreIndex(RetentionReader.EndingIndex)
            .Index(static r => new { r.RunName, r.Generation, r.Step })   // a duplicated field brings an index of its own
            .Index(static r => new { r.RunName, r.Step, r.Generation });
        options.Schema.For<RecoveryRow>().DocumentAlias("recovery").Duplicate(static r => r.RunName);
        options.Schema.For<LeaseRow>().DocumentAlias("lease");
        options.Schema.For<AccessRow>().DocumentAlias("access");
        options.Schema.For<KeyRow>().DocumentAlias("key");
        options.Schema.For<KeyHashRow>().DocumentAlias("key_hash");
        return options;
    }

    /// <summary>
    /// The row of a large checkpoint is written again with every append; PostgreSQL's own compression takes longer for that than all its
    /// events do. A server that was built without lz4 keeps its own.
    /// </summary>
    const string CompressRowsFast = $"""
        do $do$ begin
            alter table {Schema}.mt_doc_checkpoint alter column data set compression lz4;
        exception when feature_not_supported then null;
        end $do$
        """;

    static void ConfigureEvents(StoreOptions options, TimeProvider clock)
    {
        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        options.Events.TimeProvider = clock;
        options.Events.EnableBigIntEvents = true;
        options.Events.AutoDiscoverTagTypes = false;

        // Two servers that race for one stream: the loser is told before it takes a sequence number, so the sequence keeps no hole.
        options.Events.UseExclusiveLockOnConcurrentAppends = true;
        options.Events.MetadataConfig.HeadersEnabled = true;
        options.Events.MetadataConfig.CorrelationIdEnabled = true;
        options.Events.MetadataConfig.CausationIdEnabled = true;
        options.Events.MetadataConfig.UserNameEnabled = true;
        foreach (var (type, name) in EventCatalog.Names) options.Events.MapEventType(type, name);
        foreach (var index in EventLog.Indexes.Concat(GraphTables.EventIndexes).Concat(AuditReader.Indexes))
            options.Events.IgnoreIndex(index);

        // A projection that skips what it cannot read is wrong without saying so.
        options.Projections.Errors.SkipApplyErrors = options.Projections.RebuildErrors.SkipApplyErrors = false;
        options.Projections.Errors.SkipSerializationErrors = options.Projections.RebuildErrors.SkipSerializationErrors = false;
        options.Projections.Errors.SkipUnknownEvents = options.Projections.RebuildErrors.SkipUnknownEvents = false;

        options.Projections.Add<RunRows>(ProjectionLifecycle.Inline);
        options.Projections.Add<CheckpointRows>(ProjectionLifecycle.Inline);
        options.Projections.Add<RecoveryRows>(ProjectionLifecycle.Inline);
        options.Projections.Add<AccessRows>(ProjectionLifecycle.Inline);
        options.Projections.Add<KeyRows>(ProjectionLifecycle.Inline);
    }

    /// <summary>Creates or updates tables, indexes and functions. Servers that start together take turns.</summary>
    public static async Task ApplyAsync(IDocumentStore store, NpgsqlDataSource database, CancellationToken ct)
    {
        await using var turn = await SchemaLock.TakeAsync(database, ct);
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await EventLog.CreateIndexesAsync(database, ct);
        await RetentionReader.CreateIndexAsync(database, ct);
        await GraphTables.ApplyAsync(database, ct);
        await new ColumnBackfill(store, database).RunAsync(ct);
        await AuditReader.CreateIndexesAsync(database, ct);
        await using var tables = database.CreateCommand($"{CompressRowsFast};{Layouts.Create}{DeadLetters.Create}{KeptAnswers.Create}");
        await tables.ExecuteNonQueryAsync(ct);
    }
}
