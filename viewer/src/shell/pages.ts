// Which page has which address; each is loaded when it is first opened.
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

export interface Page {
  /** Path, with `:name` for a part that varies. */
  path: string;
  /** Name in the navigation; pages without one are reached by links. */
  name?: string;
  component: LazyExoticComponent<ComponentType>;
}

export const PAGES: readonly Page[] = [
  { path: '', name: 'Boards', component: lazy(() => import('../boards/BoardsPage')) },
  { path: '/d/:uid', component: lazy(() => import('../boards/BoardPage')) },
];
