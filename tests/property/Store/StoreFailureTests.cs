using Lineage.Store;
using Npgsql;

namespace Lineage.Tests.Property.Store;

/// <summary>What the database says about itself is no defect of ours, and what it says about a request is.</summary>
public sealed class StoreFailureTests
{
    static PostgresException Told(string severity, string state, string text = "told") => new(text, severity, severity, state);

    [Theory]
    [InlineData("ERROR", "53100")]   // could not extend file: no space left on device
    [InlineData("ERROR", "58030")]   // an input or output error
    [InlineData("FATAL", "57P03")]
    [InlineData("FATAL", "08006")]
    public void A_database_that_cannot_is_unavailable(string severity, string state) =>
        Assert.IsType<StoreUnavailableException>(StoreFailure.Classify(Told(severity, state)));

    /// <summary>It ended two background services, and the server with them, before the disk had room again.</summary>
    [Fact]
    public void A_session_that_cannot_begin_on_a_full_disk_is_an_outage_also_below_another_exception() =>
        Assert.IsType<StoreUnavailableException>(StoreFailure.Classify(
            new InvalidOperationException("outer", Told("FATAL", "XX000", "could not write init file"))));

    [Theory]
    [InlineData("ERROR", "XX000")]
    [InlineData("ERROR", "42P01")]
    [InlineData("FATAL", "28P01")]
    public void What_a_request_got_wrong_stays_what_it_is(string severity, string state) =>
        Assert.Null(StoreFailure.Classify(Told(severity, state)));

    [Theory]
    [InlineData("23505")]
    [InlineData("40001")]
    public void Who_comes_second_is_told_so(string state) =>
        Assert.IsType<ConcurrentChangeException>(StoreFailure.Classify(Told("ERROR", state)));
}
