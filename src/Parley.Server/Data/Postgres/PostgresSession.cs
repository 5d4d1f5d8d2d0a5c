using System.Data.Common;
using Npgsql;
using NpgsqlTypes;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Postgres;

/// <summary>
/// A session on a connection of PostgreSQL. In a transaction what is added waits, and is sent together with the next statement that has a
/// result, or with the commit: a transaction costs as many round trips as it has questions, and one more.
/// </summary>
/// <remarks>
/// Outside of a transaction it only reads: a statement whose connection was lost is sent again on another one. In a transaction failures
/// are Npgsql's, for its owner to judge.
/// </remarks>
internal sealed class PostgresSession(NpgsqlDataSource source, NpgsqlConnection connection, Owner? owner, bool isTransaction)
    : SqlSession(owner)
{
    private const int MaxReads = 4;

    private NpgsqlBatch? _batch;
    private bool _begun,
        _failed;
    private int _unread;

    /// <summary>The commit was sent. If its reply is lost, it isn't known whether it counts.</summary>
    public bool IsCommitting { get; private set; }

    public override async ValueTask DisposeAsync()
    {
        _batch?.Dispose();
        await connection.DisposeAsync();
    }

    public override ValueTask<int> RunAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = Add(sql, parameters);
        return RunAddedAsync(command);
    }

    public override ValueTask AddAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = Add(sql, parameters);
        if (PostgresStatement.Of(sql).HasRows)
        {
            _unread++;
        }

        return isTransaction ? ValueTask.CompletedTask : Run(RunAddedAsync(command));

        static async ValueTask Run(ValueTask<int> running) => await running;
    }

    public override ValueTask<List<T>> QueryAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, SqlValue Value)> parameters
    )
    {
        Add(sql, parameters);
        return ReadAddedAsync(read);
    }

    /// <summary>
    /// A lock of the transaction, which works through PgBouncer too. The name is not told apart from another one with the same hash, which
    /// only costs time.
    /// </summary>
    public override ValueTask LockAsync(string name) =>
        AddAsync("SELECT pg_advisory_xact_lock(hashtextextended(@name, 0))", ("@name", name));

    /// <summary>
    /// Adds a statement that this database alone has, with positional parameters. The number of rows is known once it was sent.
    /// </summary>
    public NpgsqlBatchCommand Add(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        Batch().BatchCommands.Add(command);
        return command;
    }

    /// <summary>Sends what was added, and reads the rows of its last statement.</summary>
    public async ValueTask<List<T>> ReadAddedAsync<T>(Func<DbDataReader, T> read)
    {
        using var batch = TakeBatch();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var reader = await batch.ExecuteReaderAsync();

                for (; _unread > 0; _unread--)
                {
                    await reader.NextResultAsync();
                }

                List<T> rows = [];
                while (await reader.ReadAsync())
                {
                    rows.Add(read(reader));
                }

                return rows;
            }
            catch (Exception exception) when (CanRepeat(exception, attempt))
            {
                await ReopenAsync();
            }
            catch (Exception exception) when (Fail(exception) is { } failure)
            {
                throw failure;
            }
        }
    }

    /// <summary>Sends what was added.</summary>
    public async ValueTask SendAsync()
    {
        if (_batch is null)
        {
            return;
        }

        using var batch = TakeBatch();
        _unread = 0;
        try
        {
            await batch.ExecuteNonQueryAsync();
        }
        catch (Exception exception) when (Fail(exception) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Commits; what was added goes with it.</summary>
    public async ValueTask CommitAsync()
    {
        if (_failed)
        {
            throw new InvalidOperationException("A statement of this transaction failed; it cannot be committed.");
        }

        if (_begun || _batch is not null)
        {
            Add("COMMIT");
            IsCommitting = true;
            await SendAsync();
            (IsCommitting, _begun) = (false, false);
        }
    }

    /// <summary>Undoes what was sent. It doesn't fail: where the connection is lost, the database does the same by itself.</summary>
    public async ValueTask RollbackAsync()
    {
        _batch?.Dispose();
        _batch = null;
        if (!_begun || connection.FullState != System.Data.ConnectionState.Open)
        {
            return;
        }

        try
        {
            await using var command = new NpgsqlCommand("ROLLBACK", connection);
            await command.ExecuteNonQueryAsync();
            (_begun, _failed) = (false, false);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
        {
            // The connection was lost meanwhile.
        }
    }

    private async ValueTask<int> RunAddedAsync(NpgsqlBatchCommand command)
    {
        await SendAsync();
        return (int)command.Rows;
    }

    private NpgsqlBatchCommand Add(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var statement = PostgresStatement.Of(sql);
        var command = new NpgsqlBatchCommand(statement.Text);
        foreach (var name in statement.Names)
        {
            command.Parameters.Add(Parameter(Find(name, parameters)));
        }

        Batch().BatchCommands.Add(command);
        return command;
    }

    private SqlValue Find(string name, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        foreach (var parameter in parameters)
        {
            if (parameter.Name == name)
            {
                return parameter.Value;
            }
        }

        return (name, Owner) switch
        {
            ("@tenant", { } of) => of.TenantId,
            ("@owner", { } of) => of.UserId,
            _ => throw new ArgumentException($"The statement has no value for {name}.", nameof(parameters)),
        };
    }

    private static NpgsqlParameter Parameter(SqlValue value) =>
        new()
        {
            NpgsqlDbType = value.Type switch
            {
                SqlType.Text => NpgsqlDbType.Text,
                SqlType.Number => NpgsqlDbType.Bigint,
                SqlType.Boolean => NpgsqlDbType.Boolean,
                _ => NpgsqlDbType.Bytea,
            },
            Value = value.Value switch
            {
                null => DBNull.Value,
                string text => PostgresText.Storable(text),
                var other => other,
            },
        };

    private NpgsqlBatch Batch()
    {
        if (_batch is null)
        {
            _batch = new NpgsqlBatch(connection);
            if (isTransaction && !_begun)
            {
                _begun = true;
                _batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL READ COMMITTED"));
            }
        }

        return _batch;
    }

    private NpgsqlBatch TakeBatch()
    {
        var batch = _batch ?? throw new InvalidOperationException("There is nothing to send.");
        _batch = null;
        return batch;
    }

    private bool CanRepeat(Exception exception, int attempt) =>
        !isTransaction && attempt < MaxReads && PostgresErrors.IsLostConnection(exception);

    private Exception? Fail(Exception exception)
    {
        _failed = true;
        return isTransaction ? null : PostgresErrors.Translate(exception);
    }

    private async ValueTask ReopenAsync()
    {
        try
        {
            await connection.CloseAsync();
            source.Clear();
            await connection.OpenAsync();
        }
        catch (Exception exception) when (Fail(exception) is { } failure)
        {
            throw failure;
        }
    }
}
