using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Hosting;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>Expired sessions and conversations are deleted every five minutes.</summary>
public sealed class SweeperTests
{
    [Fact]
    public async Task Sweeper_EveryFiveMinutes_DeletesAllExpiredRows()
    {
        await using var server = await ParleyServer.StartAsync();
        using var ana = server.NewUser();
        var time = new FakeTimeProvider();
        using var sweeper = new Sweeper(server.Services.GetRequiredService<ChatStore>(), time, NullLogger<Sweeper>.Instance);
        await sweeper.StartAsync(Patience.Cancel);
        await Patience.Until(() => time.ArmedTimers == 1);

        // More rows than one batch deletes, so that several batches are needed.
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await ana.AnsweredAsync("#script tokens=1 delay=0");
        var owner = await ana.IdAsync();
        server.Tables.Change(
            """
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 450)
            INSERT INTO conversations (id, tenant_id, owner_id, kind, title, message_count, total_tokens, created_at, updated_at, expires_at)
            SELECT 'expired-' || n, 'personal', @owner, 'completion', 'x', 0, 0, 0, 0, @now FROM numbers
            """,
            ("@owner", owner),
            ("@now", now)
        );
        time.Advance(Sweeper.Interval - TimeSpan.FromSeconds(1));
        Assert.Equal(451, server.Tables.Count("conversations"));
        time.Advance(TimeSpan.FromSeconds(1));
        await Patience.Until(() => server.Tables.Count("conversations") == 1);
        await sweeper.StopAsync(Patience.Cancel);
    }
}
