export default function BoardsPage() {
  return <h1>Boards</h1>;
}
