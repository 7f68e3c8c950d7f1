import '@redspot/pictures/style/pictures.css';
import './base.css';
