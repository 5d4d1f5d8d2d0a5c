import type { Tokens } from "marked";
import { memo, type ReactNode } from "react";
import { strings } from "../strings";
import { inline } from "./Inline";

/** A wide table scrolls by itself, also by keyboard, and never makes the page wider. */
export function TableView({ table, settled }: { table: Tokens.Table; settled: boolean }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex lint/a11y/useSemanticElements: what scrolls must be reachable by keyboard; many landmarks would be noise
    <div className="table" role="group" aria-label={strings.table} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns only ever follow one another
              <th key={index} scope="col" align={cell.align ?? undefined}>
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows only ever follow one another
            <Row key={index} row={row} settled={settled} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(
  function Row({ row }: { row: Tokens.TableCell[]; settled: boolean }) {
    return (
      <tr>
        {row.map((cell, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: cells only ever follow one another
          <td key={index} align={cell.align ?? undefined}>
            {inline(cell.tokens)}
          </td>
        ))}
      </tr>
    );
  },
  (before, after) =>
    !after.settled && before.row.length === after.row.length && before.row.every((cell, index) => cell.text === after.row[index]?.text),
);
