namespace Parley.Server.Data.Postgres;

/// <summary>
/// This process's row in the table <c>nodes</c>. It is the fence: a node that adopts from another one deletes that row first, and no commit
/// succeeds without it. An id is never reused; after it was lost, the process registers under a new one, which owns nothing.
/// </summary>
internal sealed class PostgresLease(PostgresDatabase database, NodeIdentity identity, TimeSpan length, TimeProvider time)
{
    private readonly Lock _gate = new();
    private int _registrations;
    private long _renewed,
        _lapsed;
    private bool _hasLapsed,
        _isRegistered,
        _isReleased;

    /// <summary>The id under which this process owns generations; before the first registration, an id that owns nothing.</summary>
    public string Id { get; private set; } = identity.Id;

    public long Milliseconds => (long)length.TotalMilliseconds;

    /// <summary>Whether the process is registered and has not released its lease.</summary>
    public bool IsHeld
    {
        get
        {
            lock (_gate)
            {
                return _isRegistered && !_isReleased;
            }
        }
    }

    /// <summary>
    /// Whether an expired lease means that its node is dead. It does not for a while after this node's own lease has expired: then the
    /// database was away, and the other nodes need time to renew theirs.
    /// </summary>
    public bool CanJudgeOthers
    {
        get
        {
            lock (_gate)
            {
                return !_hasLapsed || time.GetElapsedTime(_lapsed) > length;
            }
        }
    }

    /// <summary>
    /// Runs <paramref name="action"/> if this process is registered under <paramref name="id"/>. The registration can't be lost while it
    /// runs.
    /// </summary>
    public void WhileRegistered(string id, Action action)
    {
        lock (_gate)
        {
            if (_isRegistered && Id == id)
            {
                action();
            }
        }
    }

    /// <summary>Renews the lease, also after it was released. False when this process is not registered.</summary>
    public async ValueTask<bool> RenewAsync()
    {
        string id;
        lock (_gate)
        {
            if (!_isRegistered)
            {
                return false;
            }

            id = Id;
        }

        var found = await database.WriteLogAsync(session =>
            session.RunAsync(
                $"UPDATE nodes SET lease_until = {database.Dialect.Now} + @lease WHERE id = @id",
                ("@lease", Milliseconds),
                ("@id", id)
            )
        );
        lock (_gate)
        {
            if (found == 0 || !_isRegistered || id != Id)
            {
                return false;
            }

            if (time.GetElapsedTime(_renewed) > length)
            {
                (_hasLapsed, _lapsed) = (true, time.GetTimestamp());
            }

            (_renewed, _isReleased) = (time.GetTimestamp(), false);
            return true;
        }
    }

    /// <summary>Ends the registration. <paramref name="forget"/> runs before the process can register again.</summary>
    public void Lose(Action forget)
    {
        lock (_gate)
        {
            _isRegistered = false;
            forget();
        }
    }

    /// <summary>Registers under a new id.</summary>
    public async ValueTask RegisterAsync()
    {
        var number = Interlocked.Increment(ref _registrations);
        var id = number == 1 ? identity.Id : $"{identity.Id}:{number}";
        await database.WriteLogAsync(session =>
            session.RunAsync(
                $"INSERT INTO nodes (id, lease_until) VALUES (@id, {database.Dialect.Now} + @lease)",
                ("@id", id),
                ("@lease", Milliseconds)
            )
        );
        lock (_gate)
        {
            (Id, _isRegistered, _isReleased, _renewed) = (id, true, false, time.GetTimestamp());
        }
    }

    /// <summary>Ends the lease. The row stays, as the fence, until another node adopts from this one.</summary>
    public async ValueTask ReleaseAsync()
    {
        var id = Id;
        await database.WriteLogAsync(session => session.RunAsync("UPDATE nodes SET lease_until = 0 WHERE id = @id", ("@id", id)));
        lock (_gate)
        {
            _isReleased = id == Id;
        }
    }
}
