using Lineage.Access;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Access;

public sealed class RoleMatrixTests
{
    static readonly RunId Demo = RunId.Parse("demo");

    /// <summary>Rows: roles; columns: read, report, operate, administer, audit.</summary>
    [Theory]
    [InlineData(Role.Reader, "y....")]
    [InlineData(Role.Agent, "yy...")]
    [InlineData(Role.Operator, "yyy..")]
    [InlineData(Role.Admin, "yyyyy")]
    [InlineData(Role.Auditor, "y...y")]
    public void A_role_may_what_the_table_says_and_nothing_else(Role role, string may)
    {
        var caller = Holder("person:ada", role);
        Assert.Equal(may, string.Concat(Permissions.Select(needed => caller.May(needed) ? 'y' : '.')));
        Assert.True(caller.May(Permission.Anybody));
    }

    static readonly Permission[] Permissions =
        [Permission.Read, Permission.Report, Permission.Operate, Permission.Administer, Permission.Audit];

    [Fact]
    public void Without_a_role_nothing_may_be_done_and_several_roles_add_up()
    {
        Assert.DoesNotContain(Permissions, Holder("person:ada").May);
        Assert.DoesNotContain(Permissions, Caller.Nobody.May);
        var both = Holder("person:ada", Role.Auditor, Role.Agent);
        Assert.Equal([Permission.Read, Permission.Report, Permission.Audit], Permissions.Where(both.May));
    }

    [Theory]
    [InlineData(Role.Agent, null, "launcher:a", "launcher:a", true)]
    [InlineData(Role.Agent, null, "launcher:a", "rank:demo/3/0", true)]
    [InlineData(Role.Agent, null, "launcher:a", "keeper:host/1", true)]
    [InlineData(Role.Agent, "demo", "launcher:a", "rank:demo/3/0", true)]
    [InlineData(Role.Agent, "demo", "launcher:a", "rank:other/3/0", false)]
    [InlineData(Role.Agent, "demo", "launcher:a", "rank:demo2/3/0", false)]
    [InlineData(Role.Agent, null, "launcher:a", "person:ada", false)]
    [InlineData(Role.Agent, null, "launcher:a", "server", false)]
    [InlineData(Role.Operator, null, "person:ada", "rank:demo/3/0", true)]
    [InlineData(Role.Admin, null, "person:ada", "person:bob", false)]
    [InlineData(Role.Admin, null, "person:ada", "server", false)]
    [InlineData(Role.Reader, null, "person:ada", "person:ada", true)]
    [InlineData(Role.Reader, null, "person:ada", "rank:demo/3/0", false)]
    [InlineData(Role.Auditor, null, "person:ada", "rank:demo/3/0", false)]
    public void Nobody_acts_for_a_person_or_the_server_and_agents_act_for_the_processes_of_their_run(
        Role role, string? run, string actor, string claimed, bool may)
    {
        var caller = Holder(actor, role) with { Run = run is null ? null : RunId.Parse(run) };
        Assert.Equal(may, caller.MayActAs(ActorId.Parse(claimed)));
    }

    [Fact]
    public void A_key_of_one_run_touches_no_other()
    {
        var bound = Holder("launcher:a", Role.Agent) with { Run = Demo };
        Assert.True(bound.MayTouch(Demo));
        Assert.False(bound.MayTouch(RunId.Parse("demo2")));
        Assert.True(Holder("launcher:a", Role.Agent).MayTouch(Demo));
    }

    [Fact]
    public void Where_nobody_is_asked_everybody_may_everything_in_any_name()
    {
        Assert.All(Permissions, static needed => Assert.True(Caller.Open.May(needed)));
        Assert.True(Caller.Open.MayActAs(ActorId.Parse("person:bob")));
    }

    [Fact]
    public void A_route_that_is_not_in_the_table_needs_an_admin() =>
        Assert.Equal(Permission.Administer, RoutePermissions.Of("a-route-that-somebody-forgot"));

    static Caller Holder(string actor, params Role[] roles) => new(CallerKind.Key, ActorId.Parse(actor), roles, Run: null, Key: "k");
}
